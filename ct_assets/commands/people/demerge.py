"""Parts profiles that were merged by mistake: `ct-assets demerge`."""

from pathlib import Path

import click

from ct_assets.clevertap.contract import MAX_DEMERGES
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.commands.support.separation_command import account, given, part, separation_options
from ct_assets.delivery.operations.separation import Separation


@click.command()
@click.argument("identities", nargs=-1)
@separation_options
@click.pass_obj
def command(
    module: str, identities: tuple[str, ...], file: Path | None, sync: str | None, *, yes: bool
) -> None:
    """Make of each of these profiles (IDENTITIES) one for every device, without identities.

    Without --yes nothing is sent. CleverTap does it within a day, and events may be lost by it.
    """
    people = given(identities, file)
    to = account(Project.load(module), sync)
    told = f"{counted(len(people), 'profile')} would be parted into their devices"
    if part(to, people, Separation.of_profiles, would_be=told, per_call=MAX_DEMERGES, yes=yes):
        click.echo(
            "They have no identities once CleverTap has done it, within a day: then send them "
            "again, with `ct-assets run SYNC --full`."
        )
