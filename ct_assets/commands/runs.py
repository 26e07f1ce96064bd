"""What Dagster knows of a sync's runs, if DAGSTER_HOME says where it keeps them."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

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
        opened = dg.DagsterInstance.get()
    except (dg.DagsterError, OSError) as error:
        raise UserError(f"DAGSTER_HOME={home} cannot be used: {error}") from None
    with opened:
        yield opened


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
