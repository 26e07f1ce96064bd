"""Adds to a project's definitions what its syncs need and the project does not define itself."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dagster as dg

from ct_assets.components.alerts.alert_sensors import after_quiet_sensor, alert_sensors
from ct_assets.components.alerts.channel import AlertChannel
from ct_assets.components.alerts.told_states import FIRST
from ct_assets.components.alerts.webhook import Webhook
from ct_assets.components.automation.forget_job import forget_job
from ct_assets.components.automation.freshness_figures import telemetry_sensor
from ct_assets.components.automation.lost_runs import lost_runs_sensor
from ct_assets.components.automation.operator_jobs import operator_jobs
from ct_assets.components.automation.schedules import CRASH_RETRIES
from ct_assets.components.preview.plan_job import plan_job
from ct_assets.io_managers.clevertap_io_manager import ClevertapIOManager
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.shared_store import use_store_of
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.telemetry.collector import is_on

AUTOMATION = "automation"


def with_defaults(declared: dg.Definitions) -> dg.Definitions:
    defaults = dg.Definitions(
        resources=resources(declared.resources or {}),
        # A sync is a short chain; each step of the multiprocess executor would cost seconds.
        executor=None if declared.executor else dg.in_process_executor,
        sensors=list(_sensors(list(declared.sensors or ()), declared.resources or {})),
        jobs=list(_jobs(declared)),
    )
    return dg.Definitions.merge(declared, defaults)


def resources(own: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The resources that syncs and source tables need, but for those that `own` has, by their keys.

    For definitions that `ct_assets.definitions` does not load:
    `dg.Definitions(assets=..., resources=ct_assets.resources())`.

    Raises:
        UserError: An account's passcode, or the store's password, is written out in them.
    """
    use_store_of(own.values())
    if isinstance(clevertap := own.get("clevertap"), ClevertapIOManager):
        clevertap.check()
    staging = own.get("ct_staging")
    if not isinstance(staging, ParquetStaging):
        staging = ParquetStaging()
    defaults = {
        "ct_staging": staging,
        "ct_warehouse": WarehouseResource(),
        "clevertap": ClevertapIOManager(staging=staging),
        # Off until CT_ALERTS_URL names a webhook: Slack's, or one that takes the same JSON.
        "ct_alerts": Webhook(),
    }
    return {key: resource for key, resource in defaults.items() if key not in own}


def _jobs(declared: dg.Definitions) -> Iterator[dg.JobDefinition]:
    names = {job.name for job in declared.jobs or ()}

    def whole() -> dg.Definitions:
        return with_defaults(declared)

    ours = (plan_job(whole), *operator_jobs(whole), forget_job(whole))
    yield from (job for job in ours if job.name not in names)


def _sensors(
    own: Sequence[dg.SensorDefinition], declared: Mapping[str, Any]
) -> Iterator[dg.SensorDefinition]:
    names = {sensor.name for sensor in own}
    target = _not_automated(own)
    if AUTOMATION not in names and target is not None:
        yield dg.AutomationConditionSensorDefinition(
            AUTOMATION,
            target=target,
            default_status=dg.DefaultSensorStatus.RUNNING,
            run_tags=CRASH_RETRIES,
            description="Starts what follows a source that was read anew (`on_change`).",
        )
    published = [telemetry_sensor()] if is_on() else []
    told = sorted({FIRST, *(key for key, each in declared.items() if _is_channel(each))})
    late = [after_quiet_sensor(told)] if any(map(_has_quiet_hours, declared.values())) else []
    ours = [lost_runs_sensor(), *alert_sensors(channels=told), *late, *published]
    yield from (sensor for sensor in ours if sensor.name not in names)


def _is_channel(resource: object) -> bool:
    return isinstance(resource, AlertChannel)


def _has_quiet_hours(resource: object) -> bool:
    return isinstance(resource, AlertChannel) and resource.quiet is not None


def _not_automated(own: Sequence[dg.SensorDefinition]) -> dg.AssetSelection | None:
    """The assets of no automation sensor yet; Dagster refuses one that two sensors target."""
    every: dg.AssetSelection = dg.AssetSelection.all()
    target = every
    for sensor in own:
        if isinstance(sensor, dg.AutomationConditionSensorDefinition):
            if sensor.asset_selection == every:
                return None
            target -= sensor.asset_selection
    return target
