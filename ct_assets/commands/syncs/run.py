"""Starts one run of a sync, with options for this run alone: `ct-assets run`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ct_assets.commands.support.dagster_runs import execute, kept_or_temporary
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.partition_options import (
    partition_options,
    partitions_of,
    tell_of_others,
)
from ct_assets.commands.support.reviewed_plan import ReviewedPlan
from ct_assets.components.automation.partition_choice import tags
from ct_assets.components.runs.sync_runs import end_lost, job_name
from ct_assets.delivery.guards.guard_names import unknown_guard
from ct_assets.errors import UserError
from ct_assets.io_managers.metadata.result_line import MARK, result_line
from ct_assets.io_managers.parquet_io_manager import span
from ct_assets.io_managers.resources.destinations import label


def guards(_: click.Context, __: click.Parameter, allow: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := unknown_guard(allow):
        raise click.BadParameter(wrong)
    return allow


@click.command()
@click.argument("sync")
@click.option("--full", is_flag=True, help="Profiles go whether they changed or not.")
@click.option("--limit", type=click.IntRange(min=1), help="Send at most so many, for a trial.")
@click.option(
    "--allow",
    multiple=True,
    callback=guards,
    help="A guard to pass this once; its message names it.",
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Send what the plan in FILE says, with its options, or nothing: `ct-assets plan --out`.",
)
@partition_options
@click.pass_obj
def command(
    module: str,
    sync: str,
    *,
    full: bool,
    limit: int | None,
    allow: tuple[str, ...],
    plan_file: Path | None,
    partition: str | None,
    all_partitions: bool,
) -> None:
    """Read the source of SYNC, split its rows and send what is new, as its schedule would.

    The run is kept in DAGSTER_HOME, or in the project's .dagster, if it has one or a dagster.yaml.
    """
    project = Project.load(module)
    declared = project.sync(sync)
    options: dict[str, Any] = {"full": full, "limit": limit, "allow": list(allow)}
    plan = ReviewedPlan.read(plan_file, sync) if plan_file else None
    if plan:
        if full or limit or allow or partition or all_partitions:
            raise click.UsageError("--plan has the options of the plan, and takes no others")
        options, partition = plan.options, plan.partition
    keys = partitions_of(project, declared.sync, partition, all_partitions=all_partitions)
    with kept_or_temporary() as instance:
        end_lost(instance, project.definitions.get_repository_def())
        to = label(project.destination(sync, instance))  # or its mistake, before any row is read
        if plan and to != plan.destination:
            raise UserError(
                f"{plan_file} is a plan for {plan.destination}, and the run is for {to}"
            )
        succeeded = execute(
            project.definitions,
            job_name(sync),
            instance,
            options=_config(sync, options),
            tags=tags(keys),
            tell=teller(),
        )
    if not succeeded:
        raise UserError(f"{sync} is not complete; the reason is above")
    _tell_result(project, sync, span(keys) if keys else None)
    tell_of_others(declared.sync, keys, partition, all_partitions=all_partitions)


def _tell_result(project: Project, sync: str, part: str | None) -> None:
    valid, sent = (project.staging.latest_meta((sync, stage)) for stage in ("valid", "clevertap"))
    if valid.split and sent.delivery:
        click.echo(result_line(sync, part, sent.delivery.counts, valid.split))


def teller() -> Callable[[str], None]:
    """Prints each line of a run's log once: two steps may say where it sends."""
    told = set[str]()

    def tell(line: str) -> None:
        if MARK not in line and line not in told:  # the result is printed at the end
            click.echo(line, err=True)
        told.add(line)

    return tell


def _config(sync: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"ops": {f"{sync}__clevertap": {"config": dict(options)}}}
