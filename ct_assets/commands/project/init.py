"""Adds to a Dagster project what it lacks for syncs, or begins one: `ct-assets init`."""

from pathlib import Path

import click

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import BEGIN
from ct_assets.components.scaffold.project_setup import ProjectSetup


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.pass_obj
def command(module: str, *, file: Path | None) -> None:
    """Add to the project of this folder what it lacks to load syncs, and say what was written.

    It may be one of create-dagster, one with Definitions or a workspace.yaml of its own, or an
    empty folder. With FILE, also declare a source of these rows, and a sync of it to edit. What is
    there already stays as it is.
    """
    setup = ProjectSetup.around(Path.cwd(), module)
    wrote = False
    for sentence in setup.written():
        click.echo(f"wrote {sentence}")
        wrote = True
    if not wrote:
        click.echo("The project loads syncs already.")
    for sentence in setup.declared(file) if file else ():
        click.echo(sentence)
    names = sorted(Project.load(module).syncs)
    if names:
        click.echo(f"Next: ct-assets preview {names[0]}, then ct-assets run {names[0]}.")
    else:
        click.echo(f"Next: {BEGIN}")
