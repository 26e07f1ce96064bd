"""Shows where rows come from, and what each column becomes: `ct-assets sources`."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import click
import polars as pl

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import console, json_option, print_json, table
from ct_assets.components.preview.scratch import scratch
from ct_assets.components.project import registry
from ct_assets.errors import UserError, closest
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.declared_source import DeclaredSource


@dataclass(frozen=True)
class ShownColumn:
    name: str
    kind: str
    """Its type where it comes from."""
    becomes: str
    """Its type in a sync, or why it is left out."""


@dataclass(frozen=True)
class ShownSource:
    source: str
    place: str
    rows: int | None
    found: str
    """The server, or why the source cannot be read."""
    columns: tuple[ShownColumn, ...] = ()


@click.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def command(module: str, name: str | None, *, as_json: bool) -> None:
    """Show every source and whether it can be read; of NAME, its columns and their types.

    A source of a connection is asked for its columns and counted; a file is read.
    """
    project = Project.load(module)
    sources = registry.sources(project.definitions)
    if name is not None and name not in sources:
        hint = closest(name, list(sources)) or f"; there are: {', '.join(sources) or 'none'}"
        raise UserError(f"no source is called {name!r}{hint}")
    shown = list(_shown(project, {name: sources[name]} if name else sources))
    if as_json:
        print_json([asdict(source) for source in shown])
    else:
        _print(shown, columns=name is not None)
    if any(source.rows is None for source in shown):
        raise click.exceptions.Exit(1)


def _shown(project: Project, sources: Mapping[str, DeclaredSource]) -> Iterator[ShownSource]:
    for name, declared in sorted(sources.items()):
        place = declared.source.connection or declared.source.tag
        try:
            rows = declared.rows(project.warehouse)
            if isinstance(rows, ConnectionRows):
                columns = tuple(
                    ShownColumn(c.name, c.kind, c.left_out or _type(c.dtype))
                    for c in rows.columns()
                )
                yield ShownSource(name, place, rows.count(None), rows.version(), columns)
            else:
                yield _read(project, declared, name, place)
        except (UserError, OSError) as error:
            yield ShownSource(name, place, None, str(error))


def _read(project: Project, declared: DeclaredSource, name: str, place: str) -> ShownSource:
    with scratch() as drafts, drafts.draft(("source",)) as draft:
        left_out = declared.snapshot(draft, project.warehouse)
        frame = draft.scan()
        schema = frame.collect_schema()
        columns = [ShownColumn(column, _type(dtype), _type(dtype)) for column, dtype in
                   schema.items()]  # fmt: skip
        columns += [ShownColumn(column, "-", f"left out: {why}") for column, why in
                    left_out.items()]  # fmt: skip
        rows = int(frame.select(pl.len()).collect().item())
    return ShownSource(name, place, rows, "read", tuple(columns))


def _type(dtype: pl.DataType) -> str:
    return str(dtype).lower()


def _print(shown: list[ShownSource], *, columns: bool) -> None:
    every = table("source", "from", "rows", "found", numbers=("rows",))
    for source in shown:
        rows = "-" if source.rows is None else f"{source.rows:,}"
        every.add_row(source.source, source.place, rows, source.found)
    console().print(every)
    if columns:
        for source in shown:
            of_it = table("column", "type", "becomes")
            for column in source.columns:
                of_it.add_row(column.name, column.kind, column.becomes)
            console().print(of_it)
