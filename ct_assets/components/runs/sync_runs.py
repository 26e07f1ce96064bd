"""Finds the runs of syncs that are under way or were lost; names their jobs."""

import time
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from ct_assets.components.project.registry import declared_assets
from ct_assets.components.runs import run_presence
from ct_assets.components.runs.run_process import executing, exists, process_of
from ct_assets.io_managers.resources.destinations import launcher_elsewhere

SILENCE = timedelta(hours=1)
"""A run without a new event for so long counts as dead where its process cannot be looked at."""

UNNOTED = timedelta(minutes=2)
"""A run says which process executes it when its first step begins; not for so long, it is looked
at whether the process that began it lives."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run config of runs in the process of a command, which prints what matters itself."""

SUFFIX = "_sync"
"""Ends the names of the jobs that are the whole chain of a sync."""

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def under_way(instance: dg.DagsterInstance, name: str) -> Iterator[dg.DagsterRun]:
    """The runs that send the sync of that name, or are about to."""
    asset = dg.AssetKey([name, "clevertap"])
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
        sends = run.job_name == job_name(name) or asset in (run.asset_selection or ())
        if sends and not given_up(instance, run):
            yield run


def is_live(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    return run.status in UNDER_WAY and not given_up(instance, run)


def given_up(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run's process is lost: Dagster leaves such a run under way for ever.

    A queued run has no process yet, and cannot lose it.
    """
    if run.status is dg.DagsterRunStatus.QUEUED:
        return False
    gone = process_gone(instance, run)
    return is_silent(instance, run) if gone is None else gone


def process_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool | None:
    """None where it cannot be known, such as of another host."""
    process = process_of(run)
    if process:
        gone, held = process.is_gone(), run_presence.is_held(run.run_id)
        return gone if gone is not None or held is None else not held
    if launcher_elsewhere(instance) or not _said_nothing_for(UNNOTED, instance, run):
        return None
    began = executing(instance, run.run_id)
    return True if began and not any(map(exists, began)) else None


def is_silent(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether it has logged nothing for long; never where Dagster watches the processes itself."""
    if instance.run_monitoring_enabled and instance.run_launcher.supports_check_run_worker_health:
        return False
    return _said_nothing_for(SILENCE, instance, run)


def _said_nothing_for(silence: timedelta, instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    last = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    return bool(last) and time.time() - last[0].timestamp > silence.total_seconds()


def end_lost(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition | None
) -> list[dg.DagsterRun]:
    """Ends lost runs of our assets, for which automation and the queue wait.

    Of runs that are merely silent only those that make no assets of others, which may take longer.
    """
    if repository is None:
        return []
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
        if not given_up(instance, run):
            continue
        made, ours = made_by(repository, run), set(declared_assets(repository))
        ours_alone = bool(made) and made <= ours
        if process_gone(instance, run) and (ours_alone or (process_of(run) and made & ours)):
            _end(instance, run, "it is gone")
        elif ours_alone:
            minutes = SILENCE.total_seconds() / 60
            _end(instance, run, f"nothing was heard of it for {minutes:.0f} minutes")
        else:
            continue
        ended.append(run)
    return ended


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun, why: str) -> None:
    now = instance.get_run_by_id(run.run_id)
    if now is None or now.is_finished:
        return  # another tick has ended it meanwhile
    canceling = run.status is dg.DagsterRunStatus.CANCELING
    end = instance.report_run_canceled if canceling else instance.report_run_failed
    end(run, f"its process was lost: {why}")


def made_by(repository: dg.RepositoryDefinition, run: dg.DagsterRun) -> frozenset[dg.AssetKey]:
    """The assets that a run makes; none if its job is there no more."""
    if run.asset_selection or not repository.has_job(run.job_name):
        return frozenset(run.asset_selection or ())  # of a whole job it is empty, or none
    return frozenset(repository.get_job(run.job_name).asset_layer.executable_asset_keys)


def stopped(instance: dg.DagsterInstance) -> frozenset[str]:
    """The names of schedules and sensors that someone switched off in the UI."""
    if instance.schedule_storage is None:  # an ephemeral one keeps no states
        return frozenset()
    from dagster._core.scheduler.instigation import InstigatorStatus  # brings schedulers along

    return frozenset(
        state.instigator_name
        for state in instance.all_instigator_state()
        if state.status is InstigatorStatus.STOPPED
    )


def job_name(name: str) -> str:
    return f"{name}{SUFFIX}"


def schedule_name(name: str) -> str:
    return f"{name}_schedule"
