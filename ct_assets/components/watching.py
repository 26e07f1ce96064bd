"""Sensors for syncs that follow their source: what has changed is read, the rest follows it."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import dagster as dg

from ct_assets.components.catalogue import declared_source
from ct_assets.components.keys import source_key
from ct_assets.components.source import DeclaredSource
from ct_assets.errors import UserError
from ct_assets.io_managers.parquet import ParquetStaging
from ct_assets.io_managers.resources import WarehouseResource
from ct_assets.io_managers.staging import NotStagedError, Staging
from ct_assets.io_managers.warehouse import Warehouse
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration import OnChange

SECONDS = 30


@dataclass(frozen=True)
class Cursor:
    asked: str | None = None
    """The state of the source that a run was asked for."""
    since: float | None = None
    """When a change that is still waited upon was first seen."""


def source_sensor(sync: Sync, now: Callable[[], float] = time.time) -> dg.SensorDefinition | None:
    """Reads the source of `sync` anew when it has changed, if it is ours to read."""
    wait = sync.trigger and sync.trigger.on_change
    if sync.paused or not wait:
        return None
    source = source_key(sync)

    @dg.sensor(
        name=f"{sync.name}_on_change",
        target=dg.AssetSelection.assets(source),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Reads {sync.source} when it has changed; {sync.name} follows.",
    )
    def changed(
        context: dg.SensorEvaluationContext,
        ct_staging: dg.ResourceParam[ParquetStaging],
        ct_warehouse: WarehouseResource,
    ) -> dg.RunRequest | dg.SkipReason:
        staging, warehouse = ct_staging.staging(), ct_warehouse.warehouse()
        declared = declared_source(context.repository_def, source)
        if declared is None:
            return dg.SkipReason(f"{sync.source} is refreshed by others")
        last = Cursor(**json.loads(context.cursor or "{}"))
        try:
            seen, skip = look(declared, last, wait, staging, warehouse, now())
        except UserError as error:
            return dg.SkipReason(str(error))
        context.update_cursor(json.dumps(asdict(seen)))
        return dg.SkipReason(skip) if skip else dg.RunRequest()

    return changed


def look(
    declared: DeclaredSource,
    last: Cursor,
    wait: OnChange,
    staging: Staging,
    warehouse: Warehouse,
    now: float,
) -> tuple[Cursor, str]:
    """What to remember, and why nothing is to be read yet; an empty reason asks for a run."""
    state = declared.state(warehouse)
    try:
        staged = staging.current(declared.source.key)
    except NotStagedError:
        staged = None
    if staged is not None and staged.meta["state"] == state:
        return Cursor(asked=state), "nothing has changed"
    if state == last.asked:
        return last, "this change was asked for already"
    since = last.since or now
    if staged is None or wait == OnChange():
        return Cursor(asked=state), ""
    if wait.minutes is not None and now - since >= wait.minutes * 60:
        return Cursor(asked=state), ""
    if wait.rows is not None:
        changed = declared.changed_rows(staged, warehouse)
        if changed >= wait.rows:
            return Cursor(asked=state), ""
        return replace(last, since=since), f"{changed} of {wait.rows} rows have changed so far"
    return replace(last, since=since), f"waits for {wait.minutes} minutes since the first change"
