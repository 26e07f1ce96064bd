"""Writes declarations for syncs of other tools: `ct-assets import`."""
# ruff: noqa: N999 -- named as the command is

import json
from pathlib import Path

import click
import yaml

from ct_assets.components.project.locations import SHORT
from ct_assets.components.scaffold.census_import import ImportedSync, imported
from ct_assets.components.scaffold.project_setup import ProjectSetup
from ct_assets.errors import UserError
from ct_assets.mapping import DeclarationError
from ct_assets.mapping import parse as parse_sync
from ct_assets.sources.source import parse as parse_source


@click.group()
def command() -> None:
    """Write declarations for syncs that another tool exports as code, and say what has no equal."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--connection", help="The Connection of their tables; left out: the warehouse.")
@click.pass_obj
def census(module: str, *, file: Path, connection: str | None) -> None:
    """Write the syncs of FILE, the JSON that Census' API gives at /api/v1/syncs."""
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{file}: is no JSON: {error}") from None
    defs = ProjectSetup.around(Path.cwd(), module).defs
    syncs = list(imported(answer, connection))
    for sync in syncs:
        click.echo(_written(sync, defs))
        for sentence in sync.lost:
            click.echo(f"  not carried over: {sentence}")
    if not syncs:
        raise UserError(f"{file}: has no syncs; it is the answer of /api/v1/syncs that is read")
    click.echo("Next: ct-assets doctor, then ct-assets preview SYNC.")


def _written(sync: ImportedSync, defs: Path) -> str:
    if sync.source is None or sync.sync is None:
        return f"{sync.name}: nothing was written"
    try:
        parse_source(sync.source)
        parse_sync(sync.sync)
    except DeclarationError as error:
        sync.lost += [str(problem) for problem in error.problems]
        return f"{sync.name}: nothing was written"
    file = defs / sync.name / "defs.yaml"
    if file.exists():
        return f"{sync.name}: {file} is there already, and stays as it is"
    comments = "".join(f"# not carried over: {sentence}\n" for sentence in sync.lost)
    documents = [
        {"type": kind, "attributes": settings}
        for kind, settings in ((SHORT[1], sync.source), (SHORT[0], sync.sync))
    ]
    file.parent.mkdir(parents=True)
    text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=100)
    file.write_text(f"# Of a sync of Census.\n{comments}{text}", encoding="utf-8")
    return f"{sync.name}: wrote {file}"
