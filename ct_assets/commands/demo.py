"""`ct-assets demo`: every declared sync, once, into the sandbox; and what became of each row."""

import sys
from graphlib import TopologicalSorter

import click
import dagster as dg
import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from ct_assets.clevertap.destination import destination_from_env
from ct_assets.commands.project import Project
from ct_assets.commands.runs import execute, kept_or_forgotten
from ct_assets.components.catalogue import Declared
from ct_assets.components.triggers import job_name
from ct_assets.errors import UserError
from ct_assets.io_managers.staging import NotStagedError, Snapshot
from ct_assets.sandbox import find
from ct_assets.settings import data_dir

COLUMNS = {
    "source": "source rows",
    "valid": "valid",
    "rejected": "rejected",
    "unchanged": "unchanged",
    "planned": "sent",
    "acked": "acknowledged",
    "refused": "refused",
    "unknown": "unknown",
    "unsent": "unsent",
}


@click.command()
@click.pass_obj
def command(module: str) -> None:
    """Materialize the declared syncs and print what became of every row.

    The destination is the sandbox, or a CLEVERTAP_API_URL on this machine; never an account.
    """
    project = Project.load(module)
    syncs = _in_order(project)
    _refuse_accounts(syncs)
    with kept_or_forgotten() as instance:
        failed = [d.sync.name for d in syncs if not _run(project, d, instance)]
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    _print_table(console, project, syncs)
    for declared in syncs:
        _print_rows(console, project, declared)
    _print_destination(console)
    if failed:
        raise UserError(f"not complete: {', '.join(failed)}; the reason is above")


def _in_order(project: Project) -> list[Declared]:
    before = {name: declared.sync.after for name, declared in project.syncs.items()}
    return [project.syncs[name] for name in TopologicalSorter(before).static_order()]


def _refuse_accounts(syncs: list[Declared]) -> None:
    for declared in syncs:
        destination = destination_from_env(declared.sync.destination)
        if destination is not None and not destination.is_loopback:
            raise UserError(
                f"the demo sends example rows, and {declared.sync.name} would go to "
                f"{destination.account_id} at {destination.host}. Unset the CLEVERTAP_ variables "
                "to use the sandbox, or set CLEVERTAP_API_URL to a server on this machine."
            )


def _run(project: Project, declared: Declared, instance: dg.DagsterInstance) -> bool:
    click.echo(f"{declared.sync.name}: running ...")
    return execute(project.definitions, job_name(declared.sync.name), instance)


def _print_table(console: Console, project: Project, syncs: list[Declared]) -> None:
    table = Table("sync", title="Where every row went", title_justify="left", box=box.SIMPLE)
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right")
    for declared in syncs:
        staged = (_current(project, declared, stage) for stage in ("valid", "clevertap"))
        counts = {k: v for s in staged if s for k, v in s.meta["counts"].items()}
        table.add_row(declared.sync.name, *(str(counts.get(key, "-")) for key in COLUMNS))
    console.print(table)


def _print_rows(console: Console, project: Project, declared: Declared) -> None:
    valid, name = _current(project, declared, "valid"), declared.sync.name
    if valid and "Phone" in valid.scan().collect_schema():
        phones = valid.scan().select(pl.col("Phone").count(), none=pl.col("Phone").null_count())
        with_phone, without = phones.collect().row(0)
        console.print(f"{name}: {with_phone} phones in E.164, {without} without a phone")
    rejected = _current(project, declared, "rejected")
    if rejected is None:
        return
    column = declared.sync.identify_by[0].column or declared.sync.source
    for row in rejected.scan().head(20).collect().iter_rows(named=True):
        for reason in row["reasons"]:
            console.print(
                f"{name}: rejected {column} {row.get(column)}: "
                f"{reason['field']}: {reason['message']} [{reason['code']}]",
                markup=False,
                soft_wrap=True,
            )


def _print_destination(console: Console) -> None:
    sandbox = find(data_dir())
    if sandbox and destination_from_env() is None:
        console.print(f"\nLook at what CleverTap has now: {sandbox.url}  (or: make dev)")


def _current(project: Project, declared: Declared, stage: str) -> Snapshot | None:
    try:
        return project.staging.current((declared.sync.name, stage))
    except NotStagedError:
        return None
