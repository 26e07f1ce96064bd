"""Checks the Dagster instance: its storage answers, and its daemon runs if any sync needs it."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, note, ok
from ct_assets.commands.support.dagster_runs import home_of_project, instance
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.project.data_folders import REMEDY, staged_elsewhere
from ct_assets.components.runs.sync_runs import end_lost

FRESH_SECONDS = 300.0
"""A running daemon sends its heartbeat twice a minute."""


def dagster(project: Project, now: float | None = None) -> Iterator[Diagnosis]:
    deployed = os.environ.get("DAGSTER_HOME")
    home = deployed or home_of_project()
    try:
        with instance(home_of_project()) as opened:
            if opened is None:
                yield note("dagster", "DAGSTER_HOME is not set: no run is kept, no schedule ticks")
                return
            opened.get_run_records(limit=1)
            yield ok("dagster storage", str(home))
            yield from lost_runs(project, opened)
            yield from data_folders(project, opened)
            beat = daemon(project, opened, time.time() if now is None else now)
            yield beat if deployed else replace(beat, status="note", fix="")
    except Exception as error:  # a storage raises whatever its database's driver does
        reason = type(error.__cause__ or error).__name__
        yield failed(
            "dagster storage",
            f"{home} cannot be used ({reason})",
            "Set DAGSTER_HOME to a folder of yours that has the project's dagster.yaml; if its "
            "databases are damaged, move them away or bring them back from a backup.",
        )


def lost_runs(project: Project, opened: dg.DagsterInstance) -> Iterator[Diagnosis]:
    """Ends them: they hold places in the queue that other runs wait for."""
    for run in end_lost(opened, project.definitions.get_repository_def()):
        again = "the next run completes it"
        if run.remote_job_origin and opened.run_retries_max_retries:
            again = "Dagster's daemon starts it again"
        found = f"run {run.run_id[:8]} ({run.job_name}): its process was lost, and it was ended now"
        yield note("dagster runs", f"{found}; {again}")


def data_folders(project: Project, opened: dg.DagsterInstance) -> Iterator[Diagnosis]:
    """Names sources whose rows the last run has staged in another folder than that of here."""
    root = project.staging.root
    named = [declared.source for declared in project.syncs.values() if declared.source]
    for asset in sorted({declared.source.asset for declared in named}):
        key = dg.AssetKey.from_user_string(asset)
        found = staged_elsewhere(opened, key, project.staging)
        if found and found.is_other_folder:
            told = f"run {found.run[:8]} staged {asset} in another folder than {root}"
            yield note("data folder", f"{told}. {REMEDY}")


def daemon(project: Project, opened: dg.DagsterInstance, now: float) -> Diagnosis:
    syncs = [declared.sync for declared in project.syncs.values()]
    waiting = sorted(sync.name for sync in syncs if sync.trigger and not sync.paused)
    beats = [beat.timestamp for beat in opened.get_daemon_heartbeats().values()]
    if beats and now - max(beats) <= FRESH_SECONDS:
        return ok("dagster daemon", f"ran {now - max(beats):.0f} s ago")
    last = f"last ran {(now - max(beats)) / 60:,.0f} min ago" if beats else "never ran"
    if not waiting:
        return note("dagster daemon", f"{last}; no sync has a trigger that needs it")
    return failed(
        "dagster daemon",
        f"{last}, and {', '.join(waiting)} wait for it",
        "Start it: `dagster-daemon run` beside the webserver, or `dagster dev` for both.",
    )
