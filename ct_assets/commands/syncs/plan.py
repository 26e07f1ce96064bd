"""Shows what the next run of a sync would send: `ct-assets plan`."""

from dataclasses import asdict
from pathlib import Path

import click
import orjson
from rich.console import Console

from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.commands.support.dagster_runs import home_of_project, instance
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import console, json_option, print_json, table
from ct_assets.commands.support.partition_options import (
    partition_options,
    partitions_of,
    tell_of_others,
)
from ct_assets.commands.support.reviewed_plan import markdown
from ct_assets.commands.syncs.run import guards
from ct_assets.components.preview.sync_plan import SyncPlan, plan_sync, remarks, row_lines, samples
from ct_assets.delivery import PlanReport
from ct_assets.delivery.dry_run import DryRunResult
from ct_assets.io_managers.delivery_requests import DeliveryOptions


@click.command()
@click.argument("sync")
@click.option("--full", is_flag=True, help="As if every valid row went again, changed or not.")
@click.option("--limit", type=click.IntRange(min=1), help="As if at most so many records went.")
@click.option(
    "--allow",
    multiple=True,
    callback=guards,
    help="As if this guard were passed, which shows what a run would send then.",
)
@click.option(
    "--ask-clevertap",
    is_flag=True,
    help="Also ask CleverTap to judge the records with dryRun=1, which keeps none of them. Its "
    "published reference does not mention dryRun: try it on a test account first.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the plan to FILE, for `ct-assets run --plan FILE`.",
)
@click.option(
    "--markdown",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write it to FILE as Markdown, for a comment on a pull request.",
)
@partition_options
@json_option
@click.pass_obj
def command(
    module: str,
    sync: str,
    *,
    full: bool,
    limit: int | None,
    allow: tuple[str, ...],
    ask_clevertap: bool,
    out: Path | None,
    page: Path | None,
    partition: str | None,
    all_partitions: bool,
    as_json: bool,
) -> None:
    """Say what the next run of SYNC would send, from rows read just now. Nothing is changed.

    A source that is an asset of your own runs for it, and what it gives is kept nowhere.
    """
    project = Project.load(module)
    options = DeliveryOptions(full=full, limit=limit, allow=list(allow))
    declared = project.sync(sync)
    keys = partitions_of(project, declared.sync, partition, all_partitions=all_partitions)
    with instance(home_of_project()) as opened:
        plan = plan_sync(
            project, declared, options, keys, ask_clevertap=ask_clevertap, instance=opened
        )
    if out:
        out.write_bytes(orjson.dumps(asdict(plan), option=orjson.OPT_INDENT_2, default=str))
    if page:
        page.write_text(markdown(plan), encoding="utf-8")
    if as_json:
        print_json(asdict(plan))
    else:
        _print(console(), plan)
        tell_of_others(declared.sync, keys, partition, all_partitions=all_partitions)


def _print(out: Console, plan: SyncPlan) -> None:
    of = f", of {plan.partition}" if plan.partition else ""
    out.print(f"{plan.sync}: what the next run would send to {plan.destination}{of}")
    counts = table("rows", "count", numbers=("count",))
    for name, rows in row_lines(plan).items():
        counts.add_row(name, f"{rows:,}")
    out.print(counts)
    out.print(f"Requests: {plan.report.requests:,}{_duration(plan.report.seconds)}")
    _print_properties(out, plan.report)
    if plan.asked:
        _print_asked(out, plan.asked)
    for remark in remarks(plan):
        style = "red" if remark.startswith("Nothing") else None
        out.print(remark, style=style, soft_wrap=True)


def _print_properties(out: Console, report: PlanReport) -> None:
    if not report.properties:
        return
    changes = table("property", "rows", "for example (masked)", numbers=("rows",))
    for change in report.properties:
        changes.add_row(change.field, f"{change.rows:,}", samples(change))
    out.print(changes)


def _print_asked(out: Console, asked: DryRunResult) -> None:
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
    duration = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f", {duration} or more with {MAX_IN_FLIGHT} in flight"
