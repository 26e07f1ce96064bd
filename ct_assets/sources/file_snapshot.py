"""Files become one Parquet file: columns in their declared types, no line or cell lost."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from ct_assets.errors import closest
from ct_assets.sources.column_types import given, typed
from ct_assets.sources.formats import format_of
from ct_assets.sources.formats.file_errors import explained
from ct_assets.sources.formats.source_format import FileError, named
from ct_assets.staging import ROW_GROUP


def snapshot(
    files: Sequence[Path], into: Path, *, types: Mapping[str, str], row_group_size: int = ROW_GROUP
) -> None:
    """Write the rows of `files` to the Parquet file `into`.

    Raises:
        FileError: A file cannot be read whole, the files are not alike, or a value is of no type
            that `types` declares.
    """
    form = format_of(files)
    with explained(form, files):
        frame = form.scan(files, types)
        _check_types(types, frame.collect_schema().names(), files)
        cast = [typed(pl.col(name), kind).alias(name) for name, kind in types.items()]
        frame.with_columns(cast).sink_parquet(
            into, compression_level=1, row_group_size=row_group_size
        )
        form.check(files, into)
        _check_cells(frame, into, types, files)


def _check_types(types: Mapping[str, str], columns: list[str], files: Sequence[Path]) -> None:
    for name in types:
        if name not in columns:
            raise FileError(f"{named(files)}: no column {name!r} (wanted by `types`)"
                            f"{closest(name, columns)}")  # fmt: skip


def _check_cells(
    frame: pl.LazyFrame, into: Path, types: Mapping[str, str], files: Sequence[Path]
) -> None:
    """Fail where a cell did not become the type it was declared to be, and say in which row."""
    if not types:
        return
    read = frame.select(given(pl.col(name), kind).sum() for name, kind in types.items())
    written = pl.scan_parquet(into, glob=False).select(
        pl.col(name).is_not_null().sum() for name in types
    )
    before, after = pl.collect_all([read, written], engine="streaming")
    for name, kind in types.items():
        lost = before[name].item() - after[name].item()
        if lost:
            bad = given(pl.col(name), kind) & typed(pl.col(name), kind).is_null()
            row = frame.select(bad.arg_max()).collect(engine="streaming").item() + 1
            raise FileError(
                f"{named(files)}: column {name!r} has {lost} values that are no {kind}, the first"
                f" in row {row}; correct them, or leave {name!r} out of `types` to keep it as text"
            )
