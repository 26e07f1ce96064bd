"""Starts syncs: by a cron schedule, or by a condition that follows their source."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ct_assets.components.automation import partitions
from ct_assets.components.automation.partition_choice import due, tags
from ct_assets.components.project.asset_keys import key, source_key, stages
from ct_assets.components.runs.sync_runs import end_lost, job_name, schedule_name, under_way
from ct_assets.errors import UserError
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.destinations import SYNCS
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.problems import Path, Problem, near
from ct_assets.staging import Staging

RETRY_CRON = "*/10 * * * *"
"""When what follows a change tries again after a failure; others do at their next tick."""

SHORT_CRON_LINES = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually", "@midnight")

CRASH_RETRIES = {"dagster/max_retries": "2"}
"""Runs whose process died start again, where the instance has `run_retries` enabled."""

LOW_PRIORITY = {"dagster/priority": "-1"}
"""Of runs that queue together, those of syncs that go after others leave the queue last."""


def condition(sync: Sync) -> dg.AutomationCondition[Any] | None:
    """Starts the sync when its source is made anew, but not when a sync of `after` is.

    With partitions, the latest two are started: an event of the end of a period is often read
    after that period is over.
    """
    if sync.paused or not sync.trigger or not sync.trigger.on_change:
        return None
    follows = following(_updated(sync), unless=_gate_shut(sync))
    latest = dg.AutomationCondition.in_latest_time_window
    two = partitions.TWO[sync.partition.every] if sync.partition else None
    return follows.replace(latest(), latest(two)) if two else follows


def _updated(sync: Sync) -> dg.AutomationCondition[Any]:
    ignored = [dg.AssetKey([name, "clevertap"]) for name in sync.after]
    updated = dg.AutomationCondition.any_deps_updated()
    if not sync.partition:
        return updated.ignore(dg.AssetSelection.assets(*ignored)) if ignored else updated
    # Of two partitions that runs have split, Dagster sees only for the last that it was sent, too.
    ours = [key(sync, stage) for stage in stages(sync)]
    chained = dg.AutomationCondition.any_deps_match(dg.AutomationCondition.will_be_requested())
    chained = chained.allow(dg.AssetSelection.assets(*ours))
    return updated.ignore(dg.AssetSelection.assets(*ignored, *ours)) | chained


def _gate_shut(sync: Sync) -> dg.AutomationCondition[Any]:
    """The rows that were split last are not to be sent: whoever tries again fails again."""
    failed = dg.AutomationCondition.any_checks_match(
        dg.AutomationCondition.check_failed(), blocking_only=True
    )
    return dg.AutomationCondition.asset_matches(key(sync, "valid"), failed).with_label("gate shut")


def following(
    updated: dg.AutomationCondition[Any], unless: dg.AutomationCondition[Any] | None = None
) -> dg.AutomationCondition[Any]:
    """Asks for a run once something is `updated`, and again after a failure, `unless` it is vain.

    After a run that a person cancelled, the next change asks for one.
    """
    follows = dg.AutomationCondition.eager().replace("handled", _asked(updated))
    follows = follows.replace(dg.AutomationCondition.any_deps_updated(), updated)
    again = dg.AutomationCondition.cron_tick_passed(RETRY_CRON)
    failed = dg.AutomationCondition.execution_failed() & ~dg.AutomationCondition.in_progress()
    if unless is not None:
        failed = failed & ~unless
    return follows | (failed & again).with_label("failed, tries again")


def _asked(updated: dg.AutomationCondition[Any]) -> dg.AutomationCondition[Any]:
    """A run was asked for after all changes that are known by now.

    `eager` also counts a change as handled when the asset was made since the last tick: a change
    during that run, or soon after it, would be lost.
    """
    return (dg.AutomationCondition.newly_requested() & ~updated).with_label("asked for")


def cron_problems(declaration: Mapping[str, object]) -> Iterator[Problem]:
    """A cron line that Dagster refuses, if the declaration has one."""
    trigger = declaration.get("trigger")
    path: Path = ("trigger",)
    line = trigger
    if isinstance(trigger, Mapping):
        path, line = (*path, "cron"), trigger.get("cron")
    if not isinstance(line, str) or line == "on_change":
        return
    try:
        dg.ScheduleDefinition(job_name="any", cron_schedule=line)
    except dg.DagsterInvalidDefinitionError:
        yield Problem(path, f"{line!r} is no cron line{_cron_hint(line)}")


def _cron_hint(line: str) -> str:
    if len(line.split()) == 1:
        return f"{near(line, ('on_change', *SHORT_CRON_LINES))} Every hour is `0 * * * *`."
    return (
        " that Dagster knows. Write minute (0-59), hour (0-23), day (1-31), month (1-12) and "
        "weekday (0-7), of a day that exists: every hour is `0 * * * *`."
    )


def schedule(sync: Sync, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition | None:
    """Runs the whole chain at each tick of the cron line, unless it is still running."""
    if sync.paused or not sync.trigger or not sync.trigger.cron:
        return None

    @dg.schedule(
        name=schedule_name(sync.name),
        cron_schedule=sync.trigger.cron,
        execution_timezone=sync.trigger.timezone,
        job=job,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Reads {sync.source} and sends what is new of {sync.name}.",
    )
    def ticked(
        context: dg.ScheduleEvaluationContext, ct_staging: dg.ResourceParam[ParquetStaging]
    ) -> dg.RunRequest | dg.SkipReason:
        end_lost(context.instance, context.repository_def)
        return tick(sync, context.instance, ct_staging.staging(), context.scheduled_execution_time)

    return ticked


def tick(
    sync: Sync, instance: dg.DagsterInstance, staging: Staging, now: datetime
) -> dg.RunRequest | dg.SkipReason:
    run = next(under_way(instance, sync.name), None)
    if run is not None:
        return dg.SkipReason(f"{sync.name} is still under way in run {run.run_id[:8]}")
    try:
        return dg.RunRequest(tags=tags(due(sync, staging, now)))
    except UserError as error:
        return dg.SkipReason(str(error))


def chain(sync: Sync) -> UnresolvedAssetJobDefinition:
    """The job from the source to the undelivered rows, without the syncs of `after`."""
    keys = [source_key(sync), *(key(sync, stage) for stage in stages(sync))]
    return dg.define_asset_job(
        job_name(sync.name),
        selection=_made_of(sync) | dg.AssetSelection.assets(*keys),
        description=f"Reads {sync.source}, splits its rows and sends {sync.name} to CleverTap.",
        run_tags=CRASH_RETRIES | {SYNCS: sync.name} | (LOW_PRIORITY if sync.after else {}),
    )


def _made_of(sync: Sync) -> dg.AssetSelection:
    """The assets before the source that are made anew with it."""
    if sync.upstream == "none":
        return dg.AssetSelection.assets()
    depth = 1 if sync.upstream == "direct" else None
    before = dg.AssetSelection.assets(source_key(sync)).upstream(depth, include_self=False)
    return before.materializable()
