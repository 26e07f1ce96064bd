"""Files become one Parquet file: columns in their declared types, no line or cell lost."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ct_assets.errors import no_column
from ct_assets.mapping.convert.column_types import given, typed, zoned
from ct_assets.sources.formats import CsvSettings, format_of
from ct_assets.sources.formats.file_errors import reading
from ct_assets.sources.formats.source_format import FileError, SourceFormat, named, which
from ct_assets.staging import ROW_GROUP


class _Cells(NamedTuple):
    """Of the columns that have a declared type, before they got it."""

    given: Mapping[str, int]
    """How many have a value."""
    zoned: Mapping[str, int]
    """How many of those are times with a time zone; of columns of type datetime."""


def snapshot(
    files: Sequence[Path],
    into: Path,
    *,
    types: Mapping[str, str],
    settings: CsvSettings | None = None,
    declared: str | None = None,
    row_group_size: int = ROW_GROUP,
    tell: Callable[[str], object] = lambda _: None,
) -> Mapping[str, str]:
    """Write the rows of `files` to the Parquet file `into`.

    Gives the columns that had to be left out, with the reason of each. `declared` is the format;
    `tell` is called with what is good to know of how the files were read.

    Raises:
        FileError: A file cannot be read whole, the files are not alike, or a value is of no type
            that `types` declares.
    """
    form = format_of(files, settings, declared)
    with reading(form, files) as texts:
        form.check_text(texts)
        frame = form.scan(texts, types)
        check_types(types, frame.collect_schema().names(), files)
        cells = _cells(frame, types)
        _check_zones(cells, files)
        frame.with_columns(_typed(types, cells)).sink_parquet(
            into, compression_level=1, row_group_size=row_group_size
        )
        form.check(texts, into)
        _check_cells(form, texts, into, types, cells)
        for remark in form.remarks(texts):
            tell(f"{named(files)}: {remark}")
        return form.left_out(texts)


def check_types(types: Mapping[str, str], columns: list[str], files: Sequence[Path]) -> None:
    for name in types:
        if name not in columns:
            raise FileError(f"{named(files)}: {no_column(name, columns, 'types')}")


def _cells(frame: pl.LazyFrame, types: Mapping[str, str]) -> _Cells:
    """Counted before the rows are written, since the type of a column with zones is another one."""
    if not types:
        return _Cells({}, {})
    times = [name for name, kind in types.items() if kind == "datetime"]
    counted = frame.select(
        pl.struct(given(pl.col(name), kind).sum().alias(name) for name, kind in types.items()),
        pl.struct(
            pl.lit(None).alias(""), *(zoned(pl.col(name)).sum().alias(name) for name in times)
        ).alias("zoned"),
    )
    values, zones = counted.collect(engine="streaming").row(0)
    return _Cells(values, {name: zones[name] for name in times})


def _check_zones(cells: _Cells, files: Sequence[Path]) -> None:
    for name, zones in cells.zoned.items():
        if 0 < zones < cells.given[name]:
            raise FileError(
                f"{named(files)}: column {name!r} has times with a time zone and others without "
                f"one; write all of them alike, or leave {name!r} out of `types`: a field reads "
                "both, and its `timezone` says where the others are from"
            )


def _typed(types: Mapping[str, str], cells: _Cells) -> list[pl.Expr]:
    """A column of times with a zone is one of moments in UTC; one without is of local times."""
    columns = []
    for name, kind in types.items():
        column = typed(pl.col(name), kind)
        moments = column.dt.replace_time_zone("UTC") if cells.zoned.get(name) else column
        columns.append(moments.alias(name))
    return columns


def _check_cells(
    form: SourceFormat,
    files: Sequence[Path],
    into: Path,
    types: Mapping[str, str],
    cells: _Cells,
) -> None:
    """Fail where a cell did not become the type it was declared to be, and say in which row."""
    if not types:
        return
    written = pl.scan_parquet(into, glob=False).select(
        pl.col(name).is_not_null().sum() for name in types
    )
    after = written.collect(engine="streaming").row(0, named=True)
    for name, kind in types.items():
        if lost := cells.given[name] - after[name]:
            bad = given(pl.col(name), kind) & typed(pl.col(name), kind).is_null()
            raise FileError(
                f"{named(files)}: column {name!r} has {_counted(lost, kind)}, the first in"
                f" {_first(form, files, types, bad)}; correct them, or leave {name!r} out of"
                " `types` to keep it as text"
            )


def _counted(values: int, kind: str) -> str:
    more = ", or that a float would change" if kind == "float" else ""
    what = f"{values:,} values that are" if values > 1 else "a value that is"
    return f"{what} no {kind}{more}"


def _first(
    form: SourceFormat, files: Sequence[Path], types: Mapping[str, str], bad: pl.Expr
) -> str:
    """The first row for which `bad` holds, counted without a header, and its file."""
    for file in files:
        rows = form.scan([file], types)
        if not set(bad.meta.root_names()) <= set(rows.collect_schema()):
            continue
        numbered = rows.select(bad.alias("bad")).with_row_index("row").filter("bad")
        first = numbered.select(pl.col("row").min()).collect(engine="streaming").item()
        if first is not None:
            of = f" of {which(file, files)}" if len(files) > 1 else ""
            return f"row {first + 1:,}{of}"
    return "a row that is gone by now"
