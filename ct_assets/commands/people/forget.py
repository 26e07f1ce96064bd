"""Erases a person here and in CleverTap, and holds their rows from then on: `ct-assets forget`."""

import click

from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.erasure.person_erasure import PersonErasure
from ct_assets.errors import UserError
from ct_assets.io_managers.resources import destinations


@click.command()
@click.option("--identity", "value", required=True, help="The identifier's value.")
@click.option(
    "--kind", type=click.Choice(IDENTIFIERS), default="identity", show_default=True, help="Of it."
)
@click.option("--lift", is_flag=True, help="The person came back: hold their rows no more.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(module: str, value: str, kind: str, *, lift: bool, yes: bool) -> None:
    """Erase a person from every sync's staging, state, ledger and reports, and from CleverTap.

    A keyed hash of the identifier stays, which holds the person's rows back from every later run,
    until --lift takes it away. The source is not touched.
    """
    value = value.strip()  # as identifiers are sent
    if not value:
        raise UserError("--identity is empty; write the identifier of the person to erase")
    erasure = PersonErasure(Project.load(module), kind, value)
    if lift:
        if not yes:
            question = f"Send the rows of {kind} {value!r} again from the next run on?"
            click.confirm(question, abort=True)
        click.echo(erasure.lift())
        return
    reached = erasure.reached()
    if not yes:
        names = ", ".join(destinations.label(to) for to in reached.values()) or "no destination"
        question = f"Erase {kind} {value!r} here and at {names}? This cannot be undone."
        click.confirm(question, abort=True)
    click.echo(erasure.forget(reached, click.echo))
