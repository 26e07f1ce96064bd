"""What the declarations of this deployment run with."""

import dagster as dg

from ct_assets.components.triggers import CRASHES
from ct_assets.io_managers.clevertap import ClevertapIOManager
from ct_assets.io_managers.parquet import ParquetStaging
from ct_assets.io_managers.resources import WarehouseResource


@dg.definitions
def defs() -> dg.Definitions:
    staging = ParquetStaging()
    return dg.Definitions(
        resources={
            "ct_staging": staging,
            "ct_warehouse": WarehouseResource(seed="data/chinook"),
            "clevertap": ClevertapIOManager(staging=staging),
        },
        # A sync is a short chain; each step of the multiprocess executor would cost seconds.
        executor=dg.in_process_executor,
        sensors=[
            dg.AutomationConditionSensorDefinition(
                "automation",
                target=dg.AssetSelection.all(),
                default_status=dg.DefaultSensorStatus.RUNNING,
                run_tags=CRASHES,
            )
        ],
    )
