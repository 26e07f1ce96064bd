"""Offers refused rows again, once the cause is mended in CleverTap: `ct-assets replay`."""

from datetime import datetime

import click

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.delivery.operations.refused_records import replay


@click.command()
@click.argument("sync")
@click.option("--code", help="Only those that CleverTap refused with this code, such as 516.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
    help="Only those that were refused since then, local time.",
)
@click.pass_obj
def command(module: str, sync: str, code: str | None, since: datetime | None) -> None:
    """Offer the rows of SYNC that CleverTap refused again with the next run.

    They go through the mapping of that day. A row that changes goes again by itself.
    """
    project = Project.load(module)
    declared = project.sync(sync).sync
    folder = project.state(sync)
    if not folder.exists():
        click.echo(f"Nothing of {sync} was refused: it was never sent.")
        return
    number = replay(folder, project.policy(declared), code=code, since=since)
    click.echo(f"{counted(number, 'refused record')} to go with the next run of {sync}.")
