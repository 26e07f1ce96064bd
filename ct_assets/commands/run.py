"""Starts one run of a sync, with options for this run alone: `ct-assets run`."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import click

from ct_assets.commands.support.dagster_runs import execute, kept_or_temporary
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.automation.schedules import due
from ct_assets.components.project.runs import end_lost, job_name
from ct_assets.delivery.guards.guards import unknown_guard
from ct_assets.errors import UserError

SHOWN = ("unchanged", "held", "acked", "refused", "unknown")


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
@click.pass_obj
def command(
    module: str, sync: str, *, full: bool, limit: int | None, allow: tuple[str, ...]
) -> None:
    """Read the source of SYNC, split its rows and send what is new, as its schedule would.

    The run is kept in DAGSTER_HOME if that is set.
    """
    project = Project.load(module)
    declared = project.sync(sync).sync
    options = {"full": full, "limit": limit, "allow": list(allow)}
    with kept_or_temporary() as instance:
        end_lost(instance, project.definitions.get_repository_def())
        succeeded = execute(
            project.definitions,
            job_name(sync),
            instance,
            options=_config(sync, options),
            tags=due(declared, project.staging, datetime.now().astimezone()),
            tell=partial(click.echo, err=True),
        )
    if not succeeded:
        raise UserError(f"{sync} is not complete; the reason is above")
    delivery = project.staging.latest_meta((sync, "clevertap")).delivery
    totals = delivery.counts.totals() if delivery else {}
    shown = (name for name in SHOWN if name in totals)
    click.echo(f"{sync}: " + ", ".join(f"{totals[name]:,} {name}" for name in shown))


def _config(sync: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"ops": {f"{sync}__clevertap": {"config": dict(options)}}}
