"""`ct-assets plan`: what the next run of a sync would send."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import click
from rich.console import Console

from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.clevertap.destination import Destination
from ct_assets.commands import destinations
from ct_assets.commands.blast import Blast, blast
from ct_assets.commands.output import console, print_json, table
from ct_assets.commands.project import Project
from ct_assets.commands.rows import Rows
from ct_assets.components.catalogue import Declared
from ct_assets.delivery import Delivery, PlanReport, plan
from ct_assets.delivery.asking import Asked, DryRun, ask
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap import DeliveryOptions, Upload, delivery
from ct_assets.io_managers.staging import Snapshot


@dataclass(frozen=True, kw_only=True)
class Planned:
    sync: str
    destination: str
    counts: dict[str, int]
    gate: str
    """Why nothing would be sent; empty if the checks pass."""
    report: PlanReport
    blast: Blast | None
    asked: Asked | None


@click.command()
@click.argument("sync")
@click.option("--full", is_flag=True, help="As if every valid row went again, changed or not.")
@click.option("--limit", type=int, help="As if at most so many records went.")
@click.option(
    "--ask-clevertap",
    is_flag=True,
    help="Also ask CleverTap to judge the records with dryRun=1, which keeps none of them. Its "
    "published reference does not mention dryRun: try it on a test account first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    module: str, sync: str, *, full: bool, limit: int | None, ask_clevertap: bool, as_json: bool
) -> None:
    """Say what the next run of SYNC would send, from rows read just now. Nothing is changed."""
    project = Project.load(module)
    declared, options = project.sync(sync), DeliveryOptions(full=full, limit=limit)
    to = destinations.known(declared.sync)
    with project.rows(declared) as rows:
        request = _request(project, declared, rows, to, options)
        planned = Planned(
            sync=sync,
            destination=destinations.told(to),
            counts=asdict(rows.counts),
            gate=rows.valid.meta["gate"]["why"],
            report=plan(request),
            blast=blast(project, declared.sync),
            asked=_asked(request, to) if ask_clevertap else None,
        )
    if as_json:
        print_json(asdict(planned))
    else:
        _print(console(), planned)


def _request(
    project: Project,
    declared: Declared,
    rows: Rows,
    to: Destination | None,
    options: DeliveryOptions,
) -> Delivery:
    valid = Snapshot(rows.valid.path, rows.valid.meta)
    upload = Upload(declared.sync, valid, options, frozenset(project.syncs))
    request = delivery(upload, destinations.name_of(to), "plan", timedelta(days=30))
    return replace(request, patience=timedelta(0))


def _asked(request: Delivery, to: Destination | None) -> Asked:
    if to is None:
        raise UserError(
            "the destination is the sandbox, which has not run yet: start it with "
            "`ct-assets sandbox`, or name an account with the CLEVERTAP_ variables"
        )
    with DryRun(to) as client:
        return ask(request, client)


def _print(out: Console, planned: Planned) -> None:
    out.print(f"{planned.sync}: what the next run would send to {planned.destination}")
    _print_counts(out, planned)
    _print_properties(out, planned.report)
    if planned.blast:
        _print_blast(out, planned.blast)
    if planned.asked:
        _print_asked(out, planned.asked)
    if planned.gate:
        out.print(f"Nothing would be sent: {planned.gate}.", style="red", soft_wrap=True)
    if planned.report.objection:
        stopped = f"Nothing would be sent: {planned.report.objection}"
        out.print(stopped, style="red", soft_wrap=True)
    for note in planned.report.notes:
        out.print(f"Note: {note}", soft_wrap=True)


def _print_counts(out: Console, planned: Planned) -> None:
    report, counts = planned.report, planned.counts
    found = table("rows", "count", numbers=("count",))
    lines: dict[str, Any] = {
        "source": counts["source"],
        "cut by where": counts["cut"],
        "superseded": counts["superseded"],
        "rejected": counts["rejected"],
        "valid": report.valid,
        "  new": report.new,
        "  changed": report.changed,
        "  unchanged": report.unchanged,
        **{f"  held: {reason}": rows for reason, rows in report.held.items()},
        "removed from the source": report.removed,
        "  to be cleared or deleted": report.removals,
    }
    for name, rows in lines.items():
        found.add_row(name, f"{rows:,}")
    out.print(found)
    out.print(f"Requests: {report.requests:,}{_duration(report.seconds)}")


def _print_properties(out: Console, report: PlanReport) -> None:
    if not report.properties:
        return
    found = table("property", "rows", "for example (masked)", numbers=("rows",))
    for change in report.properties:
        samples = (f"{before or 'none'} -> {after or 'none'}" for before, after in change.samples)
        found.add_row(change.field, f"{change.rows:,}", ", ".join(samples))
    out.print(found)


def _print_blast(out: Console, found: Blast) -> None:
    out.print(
        f"The declaration was edited since the last run. Of the {found.rows:,} rows of that run, "
        f"it alone changes {found.changed:,}, rejects {found.lost:,} that were valid, and makes "
        f"{found.gained:,} valid that were not."
    )


def _print_asked(out: Console, asked: Asked) -> None:
    codes = ", ".join(f"{rows:,} with {code}" for code, rows in asked.refused.items())
    out.print(
        f"CleverTap, asked with dryRun=1: it would take {asked.accepted:,} and refuse "
        f"{sum(asked.refused.values()):,}{f' ({codes})' if codes else ''}."
    )
    if asked.unanswered:
        out.print(f"{asked.unanswered:,} were not judged: {asked.stopped or 'no answer'}.")


def _duration(seconds: float) -> str:
    if not seconds:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    told = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f", {told} or more with {MAX_IN_FLIGHT} in flight"
