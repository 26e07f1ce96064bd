"""Runs every declared sync once into the sandbox and shows where rows went: `ct-assets demo`."""

from collections.abc import Mapping
from graphlib import TopologicalSorter

import click
import dagster as dg
import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from ct_assets.clevertap.destination import named_destination
from ct_assets.commands.support.dagster_runs import execute, kept_or_temporary
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import console, reason_text
from ct_assets.components.project.registry import Declared
from ct_assets.components.runs.sync_runs import job_name
from ct_assets.errors import UserError
from ct_assets.io_managers.resources import destinations
from ct_assets.io_managers.resources.destinations import Accounts
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import Snapshot

Staged = Mapping[tuple[str, str], Snapshot]
"""Snapshots by sync and stage."""

COLUMNS = (
    "source",
    "valid",
    "rejected",
    "unchanged",
    "held",
    "planned",
    "acked",
    "refused",
    "unknown",
    "unsent",
)
"""Names of totals."""


@click.command()
@click.pass_obj
def command(module: str) -> None:
    """Materialize the declared syncs and print where every row went.

    The destination is the sandbox, or a CLEVERTAP_API_URL on this machine; never an account.
    """
    project = Project.load(module)
    syncs = _in_order(project)
    _refuse_accounts(syncs, project.accounts)
    before = _staged(project, syncs)
    with kept_or_temporary() as instance:
        failed = [d.sync.name for d in syncs if not _run(project, d, instance)]
    after = _staged(project, syncs).items()
    snapshots = {name: snapshot for name, snapshot in after if snapshot != before.get(name)}
    out = console()
    _print_table(out, snapshots, syncs)
    for declared in syncs:
        _print_rows(out, snapshots, declared)
    _print_destinations(out, project)
    if failed:
        raise UserError(f"not complete: {', '.join(failed)}; the reason is above")


def _in_order(project: Project) -> list[Declared]:
    before: dict[str, set[str]] = {}
    for name, declared in project.syncs.items():
        required = declared.sync.require_profile
        before[name] = {*declared.sync.after, *([required] if required else [])}
    return [project.syncs[name] for name in TopologicalSorter(before).static_order()]


def _refuse_accounts(syncs: list[Declared], accounts: Accounts) -> None:
    for declared in syncs:
        destination = named_destination(accounts(declared.sync.destination))
        if destination is not None and not destination.is_loopback:
            raise UserError(
                f"the demo sends example rows, and {declared.sync.name} would go to "
                f"{destination.account_id} at {destination.host}. Unset the CLEVERTAP_ variables "
                "to use the sandbox, or set CLEVERTAP_API_URL to a server on this machine."
            )


def _run(project: Project, declared: Declared, instance: dg.DagsterInstance) -> bool:
    click.echo(f"{declared.sync.name}: running ...")
    return execute(project.definitions, job_name(declared.sync.name), instance)


def _staged(project: Project, syncs: list[Declared]) -> Staged:
    names = [(declared.sync.name, stage) for declared in syncs for stage in STAGES]
    by_stage = {name: project.staged(*name) for name in names}
    return {name: snapshot for name, snapshot in by_stage.items() if snapshot}


def _print_table(out: Console, snapshots: Staged, syncs: list[Declared]) -> None:
    table = Table("sync", title="Where every row went", title_justify="left", box=box.SIMPLE)
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for declared in syncs:
        staged = (snapshots.get((declared.sync.name, stage)) for stage in ("valid", "clevertap"))
        counts = {name: rows for s in staged if s for name, rows in _totals(s.meta).items()}
        table.add_row(declared.sync.name, *(str(counts.get(key, "-")) for key in COLUMNS))
    out.print(table)


def _totals(meta: SnapshotMeta) -> dict[str, int]:
    part = meta.split or meta.delivery
    return part.counts.totals() if part else {}


def _print_rows(out: Console, snapshots: Staged, declared: Declared) -> None:
    name = declared.sync.name
    valid, rejected, sent = (snapshots.get((name, stage)) for stage in STAGES[:3])
    if sent and sent.meta.delivery:
        acked = sent.meta.delivery.counts.acked
        out.print(f"{name}: {acked} {_records(declared.sync)} acknowledged")
    if valid and "Phone" in valid.scan().collect_schema():
        phones = valid.scan().select(pl.col("Phone").count(), none=pl.col("Phone").null_count())
        with_phone, without = phones.collect().row(0)
        out.print(f"{name}: {with_phone} phones in E.164, {without} without a phone")
    if rejected is None:
        return
    column = declared.sync.identify_by[0].column or declared.sync.source
    for row in rejected.scan().head(20).collect().iter_rows(named=True):
        for reason in row["reasons"]:
            text = f"{name}: rejected {column} {row.get(column)}: {reason_text(reason)}"
            out.print(text, soft_wrap=True)


def _records(sync: Sync) -> str:
    if sync.object in ("profile", "token", "subscription"):
        return f"{sync.object}s"
    if sync.segment is not None:
        return f"members of the segment {sync.segment.name!r}"
    return f"{sync.event_name} events" if sync.event_name else "events"


def _print_destinations(out: Console, project: Project) -> None:
    sent_to = {project.destination(name) for name in project.syncs}
    for to in sorted(sent_to, key=destinations.name_of):
        out.print(f"\nThe destination is {destinations.label(to)}.", soft_wrap=True)
        if to is not None and to.is_sandbox:
            out.print("Look there at what CleverTap has now, or at the runs with: make dev")
