"""Shows where rows come from, and what each column becomes: `ct-assets sources`."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

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
    failed: bool = False


@click.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def command(module: str, name: str | None, *, as_json: bool) -> None:
    """Show every source and whether it can be read; of NAME, its columns and their types.

    A source of a connection is asked for its columns and counted; a file is read. Of an asset that
    only its runs can make, the rows are those that the last one staged.
    """
    project = Project.load(module)
    sources: dict[str, DeclaredSource | None] = {
        d.sync.source: None for d in project.syncs.values()
    }
    sources |= registry.sources(project.definitions)
    if name is not None and name not in sources:
        hint = closest(name, list(sources)) or f"; there are: {', '.join(sources) or 'none'}"
        raise UserError(f"no source is called {name!r}{hint}")
    shown = list(_shown(project, {name: sources[name]} if name else sources))
    if as_json:
        print_json([asdict(source) for source in shown])
    else:
        _print(shown, columns=name is not None)
    if any(source.failed for source in shown):
        raise click.exceptions.Exit(1)


def _shown(project: Project, sources: Mapping[str, DeclaredSource | None]) -> Iterator[ShownSource]:
    for name, declared in sorted(sources.items()):
        if declared is None:
            yield _staged(project, name)
            continue
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
            yield ShownSource(name, place, None, str(error), failed=True)


def _read(project: Project, declared: DeclaredSource, name: str, place: str) -> ShownSource:
    with scratch() as drafts, drafts.draft(("source",)) as draft:
        left_out = declared.snapshot(draft, project.warehouse)
        return _of_frame(name, place, "read", draft.scan(), left_out)


def _staged(project: Project, name: str) -> ShownSource:
    """An asset of others, whose rows only a run can follow."""
    staged = project.staging.current_or_none(name.split("/"))
    if staged is None:
        return ShownSource(name, "asset", None, "made by its own runs")
    return _of_frame(name, "asset", "as its last run left it", staged.scan())


def _of_frame(
    name: str,
    place: str,
    found: str,
    frame: pl.LazyFrame,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> ShownSource:
    columns = [
        ShownColumn(column, _type(dtype), _type(dtype))
        for column, dtype in frame.collect_schema().items()
    ]
    columns += [ShownColumn(column, "-", f"left out: {why}") for column, why in left_out.items()]
    rows = int(frame.select(pl.len()).collect().item())
    return ShownSource(name, place, rows, found, tuple(columns))


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
