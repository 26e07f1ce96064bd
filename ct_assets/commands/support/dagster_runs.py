"""Starts and finds runs of syncs, in the instance of DAGSTER_HOME if that is set."""

import contextlib
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import dagster as dg

from ct_assets.components.runs.run_failures import failures
from ct_assets.components.runs.sync_runs import QUIET, job_name
from ct_assets.errors import UserError
from ct_assets.files import owners_files, private_lock, replacing
from ct_assets.settings import ProjectError, project_root

LATEST = 200
"""Runs that are searched, of all jobs."""


@dataclass(frozen=True)
class LastRun:
    run: str
    status: str
    at: datetime


@contextlib.contextmanager
def instance(otherwise: Path | None = None) -> Iterator[dg.DagsterInstance | None]:
    """The instance of DAGSTER_HOME, or of another home; None if neither is given.

    What root makes in somebody's home belongs to that person afterwards.

    Raises:
        UserError: It cannot be opened.
    """
    named = os.environ.get("DAGSTER_HOME")
    home = named or (str(otherwise) if otherwise else None)
    if not home:
        yield None
        return
    with _named(home), owners_files(Path(home)):
        try:
            with _alone(Path(home)):
                opened = dg.DagsterInstance.get()
        except Exception as error:  # a storage raises whatever its database's driver does
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            told = f"DAGSTER_HOME={home}" if named else f"{home}, where Dagster keeps its runs,"
            raise UserError(f"{told} cannot be used: {reason}") from error
        with opened:
            yield opened


@contextlib.contextmanager
def _named(home: str) -> Iterator[None]:
    """For this block, and for the processes that it starts."""
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = home
    try:
        yield
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


def home_of_project() -> Path | None:
    """The project's `.dagster`, which `make dev` takes, if it is there."""
    with contextlib.suppress(ProjectError):
        home = project_root() / ".dagster"
        return home if home.is_dir() else None
    return None


def _made_home() -> Path | None:
    """The same, made if need be for a project with a dagster.yaml, which it follows.

    None where the project cannot be written, as in an image.

    Raises:
        UserError: It is there, and this user cannot write to it.
    """
    with contextlib.suppress(ProjectError):
        settings = project_root() / "dagster.yaml"
        if settings.is_file():
            return _following(settings)
    return home_of_project()


def _following(settings: Path) -> Path | None:
    home = settings.with_name(".dagster")
    try:
        home.mkdir(exist_ok=True)
    except OSError as error:
        click.echo(f"this run is kept nowhere: {home} cannot be made ({error.strerror})", err=True)
        return None
    if os.geteuid() == 0:
        project = settings.parent.stat()
        os.chown(home, project.st_uid, project.st_gid)
    copied = home / settings.name
    try:
        if not copied.is_file() or copied.read_bytes() != settings.read_bytes():
            with replacing(copied) as partial:
                shutil.copyfile(settings, partial)
    except OSError as error:
        raise UserError(
            f"{copied} cannot be written ({error.strerror}): let one user start all runs, and give "
            f"that one the folder, or name another in DAGSTER_HOME"
        ) from None
    return home


def _alone(home: Path) -> contextlib.AbstractContextManager[object]:
    """Processes that create Dagster's SQLite databases at the same time would spoil them."""
    writable = os.access(home, os.W_OK)
    return private_lock(home / "opening.lock") if writable else contextlib.nullcontext()


@contextlib.contextmanager
def kept_or_temporary() -> Iterator[dg.DagsterInstance]:
    """The instance that the UI shows; a temporary one for a project that has none."""
    named = os.environ.get("DAGSTER_HOME")
    with instance(None if named else _made_home()) as opened:
        if opened is not None:
            yield opened
            return
        with dg.DagsterInstance.ephemeral() as temporary:
            yield temporary


def execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    *,
    options: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> bool:
    """One run, as the UI would start it; prints its failure, and gives its log lines to `tell`."""
    run = str(uuid.uuid4())
    instance.add_event_listener(run, lambda entry: _pass_on(entry, tell))
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        run_id=run,
        run_config={**(options or {}), **QUIET},
        tags=dict(tags or {}),
        raise_on_error=False,
    )
    for failure in failures(result):
        click.echo(failure, err=True)
    return result.success


def _pass_on(entry: dg.EventLogEntry, tell: Callable[[str], object]) -> None:
    """Passes on log lines, but not Dagster's own events, nor failures, which are printed once."""
    if not entry.is_dagster_event and logging.INFO <= int(entry.level) < logging.ERROR:
        tell(entry.user_message)


def last_runs(opened: dg.DagsterInstance, syncs: Sequence[str]) -> dict[str, LastRun]:
    """The latest run of each sync, of any job; syncs that never ran are left out."""
    latest: dict[str, LastRun] = {}
    for record in opened.get_run_records(limit=LATEST):
        run = record.dagster_run
        last_run = LastRun(run.run_id, run.status.value.lower(), record.create_timestamp)
        selected = run.asset_selection or ()
        for name in syncs:
            if run.job_name == job_name(name) or dg.AssetKey([name, "clevertap"]) in selected:
                latest.setdefault(name, last_run)
    return latest
