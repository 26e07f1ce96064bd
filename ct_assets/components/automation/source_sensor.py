"""Reads sources anew when they have changed, by sensors; the syncs that follow them run next."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import dagster as dg
from dagster_duckdb import DuckDBResource

from ct_assets.components.automation.schedules import CRASH_RETRIES
from ct_assets.components.project.asset_keys import source_key
from ct_assets.components.project.data_folders import REMEDY, staged_elsewhere
from ct_assets.components.project.registry import declared_source, declared_syncs
from ct_assets.components.runs.sync_runs import UNDER_WAY, end_lost, given_up, made_by, stopped
from ct_assets.errors import UserError
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.destinations import SYNCS
from ct_assets.io_managers.resources.warehouse_resource import warehouse_of
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.sync_parts import OnChange
from ct_assets.sources import watermark
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.staging import NotStagedError, Snapshot, Staging

LOOK_SECONDS = 30
ASK_AGAIN_SECONDS = 600
"""Seconds after which a run that was asked for, and did not read the source, is asked for again."""


@dataclass(frozen=True)
class SourceCursor:
    asked: str | None = None
    """The source, as it stood when a run was asked for."""
    at: float = 0
    """When it was asked for."""
    since: float | None = None
    """When a change that has not been read yet was first seen."""
    read: str | None = None
    """The source, as it stood in the snapshot that was known then."""
    adopted: str | None = None
    """The source, as it was found where `read` is of version 0.1 and says less."""


def source_sensor(sync: Sync, now: Callable[[], float] = time.time) -> dg.SensorDefinition | None:
    """A sensor that reads the source of `sync` when it has changed, if it is a SourceTable."""
    if not _follows(sync):
        return None
    source = source_key(sync)

    @dg.sensor(
        name=sensor_name(sync.name),
        target=dg.AssetSelection.assets(source),
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Reads {sync.source} when it has changed; {sync.name} follows.",
    )
    def changed(
        context: dg.SensorEvaluationContext,
        ct_staging: dg.ResourceParam[ParquetStaging],
        ct_warehouse: DuckDBResource,
    ) -> dg.RunRequest | dg.SkipReason:
        repository = context.repository_def
        end_lost(context.instance, repository)
        declared = declared_source(repository, source)
        if repository is None or declared is None:
            return dg.SkipReason(f"{sync.source} is refreshed by others")
        running = _running(context.instance, repository, sync)
        first, wait = leader(sync, running)
        if first != sync.name:
            return dg.SkipReason(f"{sensor_name(first)} reads {sync.source} for this sync, too")
        if _is_being_read(context.instance, repository, source):
            return dg.SkipReason(f"{sync.source} is being read")
        staging, warehouse = ct_staging.staging(), warehouse_of(ct_warehouse)
        last = SourceCursor(**json.loads(context.cursor or "{}"))
        elsewhere = partial(_read_elsewhere, context.instance, source, staging)
        try:
            seen, skip = look(declared, last, wait, staging, warehouse, now(), elsewhere)
        except (UserError, OSError) as error:  # a file may go while it is looked at
            return dg.SkipReason(str(error))
        context.update_cursor(json.dumps(asdict(seen)))
        if skip:
            return dg.SkipReason(skip)
        names = ", ".join(s.name for s in _followers(sync.source, running))
        return dg.RunRequest(tags=CRASH_RETRIES | {SYNCS: names})

    return changed


def _running(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, sync: Sync
) -> list[Sync]:
    """The syncs whose sensors are on; that of `sync` is, as it asks."""
    off = stopped(instance) - {sensor_name(sync.name)}
    return [s for s in declared_syncs(repository) if sensor_name(s.name) not in off]


def leader(sync: Sync, syncs: Iterable[Sync]) -> tuple[str, OnChange]:
    """The sync whose sensor reads the source for all that follow it, and how long it waits."""
    same = _followers(sync.source, syncs)
    return same[0].name, soonest([wait for s in same if (wait := _follows(s))])


def _followers(source: str, syncs: Iterable[Sync]) -> list[Sync]:
    return sorted((s for s in syncs if s.source == source and _follows(s)), key=_name)


def soonest(waits: Sequence[OnChange]) -> OnChange:
    """The wait that ends when the first of `waits` does."""
    if OnChange() in waits:
        return OnChange()
    return OnChange(
        rows=min((w.rows for w in waits if w.rows), default=None),
        minutes=min((w.minutes for w in waits if w.minutes), default=None),
    )


def sensor_name(name: str) -> str:
    return f"{name}_on_change"


def _follows(sync: Sync) -> OnChange | None:
    return sync.trigger.on_change if sync.trigger and not sync.paused else None


def _name(sync: Sync) -> str:
    return sync.name


def _is_being_read(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, source: dg.AssetKey
) -> bool:
    runs = instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))
    return any(source in made_by(repository, run) and not given_up(instance, run) for run in runs)


def look(
    declared: DeclaredSource,
    last: SourceCursor,
    wait: OnChange,
    staging: Staging,
    warehouse: Warehouse,
    now: float,
    read_elsewhere: Callable[[float], str] = lambda _: "",
) -> tuple[SourceCursor, str]:
    """The next cursor, and why nothing is to be read yet; an empty reason asks for a run.

    `read_elsewhere` says which run has read the source after a time, but into a folder that is not
    here; an empty text if none has. What such a run has read is not asked for again.
    """
    stands = f"{declared.code_version} {declared.state(warehouse)}"
    staged = _staged(declared, staging)
    source = staged.meta.source if staged else None
    read = f"{source.code} {source.state}" if source else None
    known = last.adopted if last.adopted and last.read == read else read
    if _is_same(known, stands):
        is_old = read != stands
        kept = SourceCursor(read=read, adopted=stands) if is_old else SourceCursor()
        return kept, "nothing has changed"
    if _is_same(last.asked, stands):
        if told := read_elsewhere(last.at):
            return last, told
        if now - last.at < ASK_AGAIN_SECONDS:
            return last, "this change was asked for already"
    since = last.since if last.since is not None and last.read == read else now
    seen = replace(last, since=since, read=read)
    if staged and (why := _waits(declared, staged, wait, now - since, warehouse)):
        return seen, why
    return replace(seen, asked=stands, at=now), ""


def _waits(
    declared: DeclaredSource, staged: Snapshot, wait: OnChange, waited: float, warehouse: Warehouse
) -> str:
    """Why a change is not to be read yet, after so many seconds."""
    if wait == OnChange() or (wait.minutes is not None and waited >= wait.minutes * 60):
        return ""
    if wait.rows is None:
        return f"waits for {wait.minutes} minutes since the first change"
    try:
        changed = declared.changed_rows(staged, warehouse)
    except UserError as error:
        return str(error)
    return "" if changed >= wait.rows else f"{changed} of {wait.rows} rows have changed so far"


def _is_same(before: str | None, stands: str) -> bool:
    if before is None:
        return False
    (code, state), (code_now, state_now) = before.split(" ", 1), stands.split(" ", 1)
    return code == code_now and watermark.is_same(state, state_now)


def _read_elsewhere(
    instance: dg.DagsterInstance, source: dg.AssetKey, staging: Staging, since: float
) -> str:
    found = staged_elsewhere(instance, source, staging, since)
    if found is None:
        return ""
    return (
        f"run {found.run[:8]} has read {source.to_user_string()}, but what it read is not in "
        f"{staging.root}: runs and this sensor have different data folders. {REMEDY}; this change "
        f"is not asked for again"
    )


def _staged(declared: DeclaredSource, staging: Staging) -> Snapshot | None:
    try:
        return staging.current(declared.source.key)
    except NotStagedError:
        return None
