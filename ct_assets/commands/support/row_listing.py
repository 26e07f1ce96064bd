"""RowListing prints the rows of a snapshot that did not arrive, or exports them to a file."""

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click
import polars as pl

from ct_assets.commands.support.shown_rows import shown
from ct_assets.errors import UserError
from ct_assets.files import replacing

FORMATS = ("text", "csv", "json", "parquet")
Target = Path | BinaryIO
Lines = Callable[[pl.DataFrame], Sequence[str]]


@dataclass(frozen=True)
class Export:
    """How the rows are to be written; `limit` holds for text alone, 0 for all."""

    form: str
    out: Path | None
    limit: int


def listing_options(command: Callable[..., None]) -> Callable[..., None]:
    """The sync, its `--partition`, and how rows are listed: the command's `export`."""

    @functools.wraps(command)
    def with_export(
        *arguments: object, form: str, out: Path | None, limit: int, **others: object
    ) -> None:
        command(*arguments, export=Export(form, out, limit), **others)

    options = (
        click.argument("sync"),
        click.option("--partition", help="Of a sync with partitions; left out: the latest."),
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            help="json is one object in each line.",
        ),
        click.option(
            "--out",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A file in place of the terminal, readable by you alone.",
        ),
        click.option(
            "--limit",
            type=click.IntRange(min=0),
            default=20,
            show_default=True,
            help="Rows to show as text; 0 shows all.",
        ),
    )
    for option in reversed(options):
        option(with_export)
    return with_export


def write(rows: pl.LazyFrame, export: Export, lines: Lines) -> None:
    """Writes all rows; as text `lines` makes them, and at most `export.limit` of them.

    Raises:
        UserError: Parquet is meant for the terminal.
    """
    if export.form == "text" and export.out is None:
        _print(rows, export.limit, lines)
    elif export.out is None:
        if export.form == "parquet":
            raise UserError("parquet is no text for a terminal: name a file with --out")
        _sink(rows, export.form, sys.stdout.buffer)
    else:
        form = _form_of(export.out) if export.form == "text" else export.form
        with replacing(export.out.absolute()) as partial:
            _sink(rows, form, partial)
        click.echo(f"{_count(rows):,} rows written to {export.out}")


def _form_of(out: Path) -> str:
    """The format that a file's name says."""
    form = {".csv": "csv", ".parquet": "parquet"}.get(out.suffix, "json")
    if out.suffix not in (".csv", ".json", ".jsonl", ".ndjson", ".parquet"):
        raise UserError(f"{out}: say with --format which format it is to have")
    return form


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _print(rows: pl.LazyFrame, limit: int, lines: Lines) -> None:
    count = _count(rows)
    frame = (rows.head(limit) if limit else rows).collect(engine="streaming")
    for line in lines(frame):
        click.echo(line)
    if frame.height < count:
        click.echo(
            f"\n{frame.height:,} of {count:,} rows; --limit 0 shows all, --out FILE exports them"
        )
    elif not count:
        click.echo("No such rows.")


def _sink(rows: pl.LazyFrame, form: str, target: Target) -> None:
    if form == "parquet":
        rows.sink_parquet(target)
        return
    schema = rows.collect_schema()
    readable = rows.select(shown(pl.col(n), dtype).alias(n) for n, dtype in schema.items())
    if form == "json":
        readable.sink_ndjson(target)
        return
    nested = [n for n, dtype in readable.collect_schema().items() if dtype.is_nested()]
    readable.with_columns(map(_flat, nested)).sink_csv(target)


def _flat(name: str) -> pl.Expr:
    """A list or struct as text: reasons as sentences, others as JSON."""
    value = pl.col(name)
    if name == "reasons":
        parts = [pl.element().struct.field(part) for part in ("field", "message", "code")]
        return value.list.eval(pl.format("{}: {} [{}]", *parts)).list.join("; ")
    encoded = pl.struct(value.alias("v")).struct.json_encode()
    inner = encoded.str.strip_prefix('{"v":').str.strip_suffix("}")
    return pl.when(value.is_not_null()).then(inner).alias(name)
