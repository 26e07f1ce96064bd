"""Writes declarations for syncs of other tools: `ct-assets import`."""
# ruff: noqa: N999 -- named as the command is

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import yaml

from ct_assets.components.migration import census_import, hightouch_import, ingestr_import
from ct_assets.components.migration.imported_sync import ImportedSync
from ct_assets.components.project.connection_resources import declared_connections
from ct_assets.components.scaffold.project_setup import ProjectSetup

_CONNECTION = click.option(
    "--connection",
    help="The Connection of their tables, declared if there is none; left out: the warehouse.",
)
_OF_CODE = re.compile(r"\bConnection\([^)]*?\bname=[\"'](\w+)[\"']")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH = click.Path(exists=True, path_type=Path)


@click.group()
def command() -> None:
    """Write declarations for syncs that another tool exports as code, and say what has no equal."""


@command.command()
@click.argument("file", type=_FILE)
@_CONNECTION
@click.pass_obj
def census(module: str, *, file: Path, connection: str | None) -> None:
    """Write the syncs of FILE, the JSON that Census' API gives at /api/v1/syncs."""
    _write("Census", census_import.imported(file, connection), module)


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_CONNECTION
@click.pass_obj
def hightouch(module: str, *, folder: Path, connection: str | None) -> None:
    """Write the syncs of FOLDER, the repository that Hightouch's Git Sync writes to."""
    _write("Hightouch", hightouch_import.imported(folder, connection), module)


@command.command()
@click.argument("path", type=_PATH)
@click.option(
    "--connection",
    help="The Connection of their tables; left out: one for each URI, without its password.",
)
@click.pass_obj
def ingestr(module: str, *, path: Path, connection: str | None) -> None:
    """Write the syncs of PATH: a script with `ingestr ingest`, an asset of Bruin, or a folder."""
    _write("ingestr", ingestr_import.imported(path, connection), module)


def _write(tool: str, syncs: Sequence[ImportedSync], module: str) -> None:
    defs = ProjectSetup.around(Path.cwd(), module).defs
    declared = {*_connections_of_code(defs), *(name for name, _ in declared_connections(defs))}
    for sync in syncs:
        click.echo(_written(sync, defs, tool, declared))
        for sentence in sync.lost:
            click.echo(f"  not carried over: {sentence}")
    click.echo("Next: ct-assets doctor, then ct-assets preview SYNC.")


def _connections_of_code(defs: Path) -> Iterator[str]:
    """The names of the connections that are declared in Python."""
    for file in defs.rglob("*.py"):
        yield from _OF_CODE.findall(file.read_text(encoding="utf-8", errors="replace"))


def _written(sync: ImportedSync, defs: Path, tool: str, connections: set[str]) -> str:
    if not sync.documents():
        return f"{sync.name}: nothing was written"
    file = defs / sync.name / "defs.yaml"
    if file.exists():
        return f"{sync.name}: {file} is there already, and stays as it is"
    sync.declare_connection(connections)
    documents = sync.documents()
    comments = "".join(f"# not carried over: {sentence}\n" for sentence in sync.lost)
    text = yaml.safe_dump_all(
        [{"type": kind, "attributes": settings} for kind, settings in documents],
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    file.parent.mkdir(parents=True)
    file.write_text(f"# Of a sync of {tool}.\n{comments}{text}", encoding="utf-8")
    return f"{sync.name}: wrote {file}"
