"""Checks all that a sync needs, one line each, with a fix for each failure: `ct-assets doctor`."""

import contextlib
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from ct_assets.commands.checkup import installation
from ct_assets.commands.checkup.account import accounts, guarded
from ct_assets.commands.checkup.connections import connections
from ct_assets.commands.checkup.deletion_overlap import removals
from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, note, ok
from ct_assets.commands.checkup.disk import disk
from ct_assets.commands.checkup.file_system import file_system
from ct_assets.commands.checkup.instance import dagster
from ct_assets.commands.checkup.locks import locks
from ct_assets.commands.checkup.owners import owners
from ct_assets.commands.checkup.source_reads import sources
from ct_assets.commands.checkup.state_files import states
from ct_assets.commands.checkup.store_access import store
from ct_assets.commands.checkup.type_conflicts import conflicts_of_types
from ct_assets.commands.support.dagster_runs import home_of_project, instance
from ct_assets.commands.support.known_deliveries import KnownDeliveries
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import (
    BEGIN,
    console,
    counted,
    json_option,
    print_json,
    table,
)
from ct_assets.errors import UserError
from ct_assets.settings import data_dir
from ct_assets.store.store_settings import shared_store

MARKS = {
    "ok": Text("ok", "green"),
    "note": Text("note", "yellow"),
    "failed": Text("FAILED", "red"),
}


@click.command()
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Check everything that a sync needs; the exit code is 1 if anything fails.

    Sources are read, for which those that are assets of your own run, and CleverTap is asked with
    a dry run that names nobody. Nothing is changed, but that runs whose process was lost are ended
    in Dagster.
    """
    findings = list(checkup(ctx.obj))
    if as_json:
        print_json([asdict(check) for check in findings])
    else:
        report(findings)
    if any(check.status == "failed" for check in findings):
        ctx.exit(1)


def checkup(module: str) -> Iterator[Diagnosis]:
    yield installation.python()
    yield installation.packages()
    project = None
    try:
        project = Project.load(module)  # which says where the data are, too
        yield _declared(sorted(project.syncs))
    except UserError as error:
        fix = "Correct the declarations; sources, accounts and Dagster are looked at after that."
        yield failed("declarations", error, fix)
    try:
        folder = data_dir()
    except UserError as error:
        yield failed("project", error, "Without it nothing more can be looked at.")
        return
    yield from _guarded("disk", disk(folder))
    yield from _guarded("file system", file_system(folder, is_shared=_is_shared()))
    yield from _guarded("owner", owners(folder))
    yield from _guarded("shared store", store())
    yield from _guarded("state", _states(folder / "state", project))
    yield from _guarded("locks", locks(folder))
    if project is None:
        return
    yield from removals(declared.sync for declared in project.syncs.values())
    yield from _guarded("connections", connections(project))
    yield from _guarded("sources", sources(project))
    yield from _guarded("accounts", accounts(project))
    yield from _guarded("destinations", guarded(project))
    yield from _guarded("types", conflicts_of_types(project))
    yield from _guarded("dagster", dagster(project))


def _declared(syncs: Sequence[str]) -> Diagnosis:
    if not syncs:
        return note("declarations", f"no sync is declared: {BEGIN}")
    return ok("declarations", f"{counted(len(syncs), 'sync')}: {', '.join(syncs)}")


def _is_shared() -> bool:
    try:
        return shared_store() is not None
    except UserError:  # the check of the store tells
        return True


def _states(folder: Path, project: Project | None) -> Iterator[Diagnosis]:
    with contextlib.ExitStack() as stack:
        opened = None
        with contextlib.suppress(UserError):  # the check of Dagster tells
            opened = stack.enter_context(instance(home_of_project()))
        yield from states(folder, KnownDeliveries(project, opened) if project else None)


def _guarded(name: str, checks: Iterator[Diagnosis]) -> Iterator[Diagnosis]:
    """Reports an error that a check does not handle as a failure; the other checks still run."""
    try:
        yield from checks
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
        yield failed(
            name, f"not all could be looked at ({where})", "Report this line to ct_assets."
        )


def report(findings: Sequence[Diagnosis]) -> None:
    """Prints a line for each finding, and how many failed."""
    rows = table("", "check", "found")
    for finding in findings:
        text = Text(finding.found)
        if finding.fix:
            text.append("\nfix: ", "bold").append(finding.fix)
        rows.add_row(MARKS[finding.status], finding.name, text)
    console().print(rows)
    wrong = sum(finding.status == "failed" for finding in findings)
    click.echo(f"{wrong} of {len(findings)} checks failed." if wrong else "All is well.")
