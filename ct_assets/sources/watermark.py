"""Watermarks of files tell whether their rows have changed: by time of writing, or by a column."""

import ast
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from ct_assets.errors import no_column
from ct_assets.mapping.convert.column_types import typed
from ct_assets.sources.formats import CsvSettings, format_of
from ct_assets.sources.formats.file_errors import reading
from ct_assets.sources.formats.source_format import FileError, named

NOTHING = "None"
"""The largest value of a column that has none."""

ATTEMPTS = 3
STEP_SECONDS = 2.5
"""FAT notes times in steps of two seconds; none that is in use has longer ones."""


def written(files: Sequence[Path]) -> str:
    """A text that is another one once a file was written to, or replaced.

    A file that takes the place of another may have its size and time of writing (`cp -p`, `rsync`,
    `mv`), but not its inode and time of change as well.
    """
    stats = ((str(file), file.stat()) for file in files)
    return repr([(f, s.st_size, s.st_mtime_ns, s.st_ino, s.st_ctime_ns) for f, s in stats])


def is_settled(files: Sequence[Path]) -> bool:
    """Whether anybody who writes to the files from now on changes the text of `written`.

    A file system may note times in steps: what is written within one leaves no other trace.
    """
    latest = max(max(s.st_mtime, s.st_ctime) for s in (file.stat() for file in files))
    return latest < time.time() - STEP_SECONDS


def is_same(before: str, now: str) -> bool:
    """Whether a source stands as it did `before`, as this version or version 0.1 noted it.

    Version 0.1 looked at the size of files and their time of writing alone.
    """
    return before == now or before == _as_in_version_0_1(now)


def _as_in_version_0_1(state: str) -> str | None:
    """None for a watermark, which it noted as it is noted now."""
    if not state.startswith("[("):
        return None
    try:
        return repr([tuple(noted[:3]) for noted in ast.literal_eval(state)])
    except (ValueError, SyntaxError, TypeError):
        return None


def at_rest(files: Sequence[Path], read: Callable[[], object]) -> None:
    """Calls `read` until no file has changed meanwhile: its rows would be cut.

    Raises:
        FileError: They change all the time.
    """
    for _ in range(ATTEMPTS):
        before = written(files)
        try:
            read()
        except FileError:
            if written(files) == before:
                raise
        if written(files) == before:
            return
    raise FileError(
        f"{named(files)} is being written: it changed whenever it was read. Read it again once it "
        "is whole; whoever writes it had better write beside it and rename it when it is done"
    )


def largest(
    files: Sequence[Path],
    column: str,
    *,
    types: Mapping[str, str],
    settings: CsvSettings | None = None,
    declared: str | None = None,
) -> str:
    """The largest value of a column, as text."""
    form = format_of(files, settings, declared)
    with reading(form, files) as texts:
        frame = form.scan(texts, types)
        columns = frame.collect_schema().names()
        if column not in columns:
            raise FileError(f"{named(files)}: {no_column(column, columns, 'watermark')}")
        return largest_of(frame, column, types)


def largest_of(frame: pl.LazyFrame, column: str, types: Mapping[str, str]) -> str:
    value = _ordered(frame, column, types)
    return str(frame.select(value.max()).collect(engine="streaming").item())


def count(
    files: Sequence[Path],
    beyond: tuple[str, str] | None,
    *,
    types: Mapping[str, str],
    settings: CsvSettings | None = None,
    declared: str | None = None,
) -> int:
    """How many rows there are, or how many whose column `beyond[0]` is larger than `beyond[1]`."""
    form = format_of(files, settings, declared)
    with reading(form, files) as texts:
        frame = form.scan(texts, types)
        if beyond is not None:
            frame = beyond_of(frame, beyond, types)
        return int(frame.select(pl.len()).collect(engine="streaming").item())


def beyond_of(
    frame: pl.LazyFrame, beyond: tuple[str, str], types: Mapping[str, str]
) -> pl.LazyFrame:
    """The rows whose column `beyond[0]` is larger than `beyond[1]`."""
    column, limit = beyond
    value, known = _ordered(frame, column, types), pl.lit(limit)
    if column in types:
        known = typed(known, types[column])
    else:
        dtype = frame.select(value).collect_schema()[column]
        known = _as(known, dtype)
    return frame.filter(value > known)


def _as(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A watermark as a value of its column; polars casts no text to a date or a time."""
    if isinstance(dtype, pl.Date):
        return typed(text, "date")
    if not isinstance(dtype, pl.Datetime):
        return text.cast(dtype, strict=False)
    moment = typed(text, "datetime").cast(pl.Datetime(dtype.time_unit))
    if dtype.time_zone is None:
        return moment
    return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)


def _ordered(frame: pl.LazyFrame, column: str, types: Mapping[str, str]) -> pl.Expr:
    """The column as it is compared: text of nothing but whole numbers as these, so that 9 < 10."""
    value = pl.col(column)
    if column in types:
        return typed(value, types[column])
    if frame.collect_schema()[column] != pl.String:
        return value
    number = value.cast(pl.Int64, strict=False)
    whole = number.null_count() == value.null_count()
    return number if frame.select(whole).collect(engine="streaming").item() else value
