"""Runs of syncs, in the instance of DAGSTER_HOME if that says where Dagster keeps them."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus
from filelock import FileLock

from ct_assets.components.triggers import job_name
from ct_assets.errors import UserError

LATEST = 200
"""Runs that are looked through, of all jobs."""


@dataclass(frozen=True)
class LastRun:
    run: str
    status: str
    at: datetime


@contextlib.contextmanager
def instance() -> Iterator[dg.DagsterInstance | None]:
    """The instance of DAGSTER_HOME; None if it is not set."""
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        yield None
        return
    try:
        with _alone(Path(home)):
            opened = dg.DagsterInstance.get()
    except (dg.DagsterError, OSError) as error:
        raise UserError(f"DAGSTER_HOME={home} cannot be used: {error}") from None
    with opened:
        yield opened


def _alone(home: Path) -> contextlib.AbstractContextManager[object]:
    """Processes that create Dagster's SQLite databases at the same time would spoil them."""
    writable = os.access(home, os.W_OK)
    return FileLock(home / "opening.lock") if writable else contextlib.nullcontext()


@contextlib.contextmanager
def kept_or_forgotten() -> Iterator[dg.DagsterInstance]:
    """The instance of DAGSTER_HOME, so that the UI shows its runs; else one that is forgotten."""
    with instance() as opened:
        if opened is not None:
            yield opened
            return
        with dg.DagsterInstance.ephemeral() as passing:
            yield passing


def execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    *,
    options: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    log_level: str = "CRITICAL",
) -> bool:
    """One run, as the UI would start it; its failure is said here, its log from `log_level` on."""
    console = {"loggers": {"console": {"config": {"log_level": log_level}}}}
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        run_config={**(options or {}), **console},
        tags=dict(tags or {}),
        raise_on_error=False,
    )
    for event in result.filter_events(lambda event: event.is_step_failure):
        failure = event.step_failure_data
        said = failure.user_failure_data or failure.error
        text = getattr(said, "description", None) or getattr(said, "message", "")
        click.echo(f"{event.step_key} failed: {text}", err=True)
    return result.success


def last_runs(opened: dg.DagsterInstance, syncs: Sequence[str]) -> dict[str, LastRun]:
    """The latest run of each sync, by whatever job; without those that never ran."""
    found: dict[str, LastRun] = {}
    for record in opened.get_run_records(limit=LATEST):
        run = record.dagster_run
        told = LastRun(run.run_id, run.status.value.lower(), record.create_timestamp)
        selected = run.asset_selection or ()
        for name in syncs:
            if run.job_name == job_name(name) or dg.AssetKey([name, "clevertap"]) in selected:
                found.setdefault(name, told)
    return found


def stopped(opened: dg.DagsterInstance) -> frozenset[str]:
    """The names of schedules and sensors that someone switched off in the UI."""
    return frozenset(
        state.instigator_name
        for state in opened.all_instigator_state()
        if state.status is InstigatorStatus.STOPPED
    )
