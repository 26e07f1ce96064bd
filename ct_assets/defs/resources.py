"""What the declarations of this deployment run with."""

import dagster as dg

from ct_assets.components.automation.alerts import alert_sensors
from ct_assets.components.automation.budgets import Budgets
from ct_assets.components.automation.schedules import CRASHES
from ct_assets.components.automation.webhook import Webhook
from ct_assets.io_managers.clevertap_io_manager import ClevertapIOManager
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.warehouse_resource import WarehouseResource


@dg.definitions
def defs() -> dg.Definitions:
    staging = ParquetStaging()
    return dg.Definitions(
        resources={
            "ct_staging": staging,
            "ct_warehouse": WarehouseResource(seed="data/chinook"),
            "clevertap": ClevertapIOManager(staging=staging),
            # Off until CT_ALERTS_URL names a webhook: Slack's, or one that takes the same JSON.
            "ct_alerts": Webhook(),
        },
        # A sync is a short chain; each step of the multiprocess executor would cost seconds.
        executor=dg.in_process_executor,
        sensors=[
            dg.AutomationConditionSensorDefinition(
                "automation",
                target=dg.AssetSelection.all(),
                default_status=dg.DefaultSensorStatus.RUNNING,
                run_tags=CRASHES,
                description="Starts what follows a source that was read anew (`on_change`).",
            ),
            *alert_sensors(Budgets(rejected_share=0.05, refused_share=0.01, unknown=0, parked=0)),
        ],
    )
