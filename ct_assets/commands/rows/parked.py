"""Lists and settles records whose answer was lost: `ct-assets parked`."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import click

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import console, counted, local, table
from ct_assets.delivery.operations import parked_records


@click.command()
@click.argument("sync")
@click.option("--resend", is_flag=True, help="CleverTap does not have them: the next run sends.")
@click.option("--discard", is_flag=True, help="CleverTap has them: they are never sent again.")
@click.option("--key", "keys", multiple=True, help="Only this one; may be given several times.")
@click.pass_obj
def command(module: str, sync: str, *, resend: bool, discard: bool, keys: tuple[str, ...]) -> None:
    """List the records of SYNC whose answer was lost, or settle them.

    Look in CleverTap whether it has them, then say --resend or --discard. Personal data is shown.
    """
    if resend and discard:
        raise click.UsageError("--resend and --discard contradict each other; give one of them")
    project = Project.load(module)
    declared = project.sync(sync).sync
    folder = project.state(sync)
    policy, wanted = project.policy(declared), list(keys) or None
    if not folder.exists():
        click.echo(f"Nothing of {sync} is parked: it was never sent.")
    elif resend:
        number = parked_records.resend(folder, policy, wanted)
        click.echo(f"{counted(number, 'record')} to go with the next run of {sync}.")
    elif discard:
        number = parked_records.discard(folder, policy, wanted)
        click.echo(f"{counted(number, 'record')} not to be sent again.")
    else:
        _print(sync, parked_records.listing(folder, policy).iter_rows(named=True), set(keys))


def _print(sync: str, rows: Iterator[dict[str, Any]], keys: set[str]) -> None:
    parked = table("key", "since", "why", "record")
    for row in rows:
        if not keys or row["key"] in keys:
            since = local(row["since"].replace(tzinfo=UTC))
            parked.add_row(row["key"], since, row["why"], row["record"])
    if not parked.row_count:
        click.echo(f"Nothing of {sync} is parked.")
        return
    console().print(parked)
    click.echo(
        f"{parked.row_count:,} parked. If CleverTap has them: ct-assets parked {sync} --discard; "
        f"if not: ct-assets parked {sync} --resend"
    )
