"""Errors of polars on files become ours: which file, which line or column, and what to do."""

import contextlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from ct_assets.errors import disk_trouble, hushed
from ct_assets.sources.formats.source_format import FileError, SourceFormat, named, which
from ct_assets.sources.formats.text_file import broken_gzip

# Polars panics on types that it does not know, such as Parquet's INTERVAL.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_COMPARED = 100
"""Files whose columns are looked at when they are not alike."""


@contextlib.contextmanager
def explained(form: SourceFormat, files: Sequence[Path]) -> Iterator[None]:
    """Errors of polars as a `FileError`, without their own texts, which quote cells."""
    try:
        yield
    except (*_UNREADABLE, EOFError, zlib.error, OSError) as error:
        reason = disk_trouble(error) or (broken_gzip(files) if form.gzipped else None)
        if reason is None and isinstance(error, OSError):
            raise
        reason = reason or form.broken(files, error) or _unlike(form, files)
        message = f"{named(files)}: {reason or f'cannot be read ({type(error).__name__})'}"
        hushed(error)
        raise FileError(message) from None


@contextlib.contextmanager
def reading(form: SourceFormat, files: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """The files as the format scans them, with its errors explained."""
    with explained(form, files), form.plain(files) as texts, explained(form, texts):
        yield texts


def _unlike(form: SourceFormat, files: Sequence[Path]) -> str | None:
    """The difference between the files of one source, or which of them cannot be read at all."""
    schemas: dict[Path, pl.Schema] = {}
    for file in files[:_COMPARED]:
        try:
            schemas[file] = form.scan([file], {}).collect_schema()
        except _UNREADABLE as error:
            return f"{which(file, files)} {form.unreadable(file, error)}"
    first = files[0]
    other = next((file for file in schemas if schemas[file] != schemas[first]), None)
    if other is None:
        return form.difference(list(schemas))
    difference = _difference(first, schemas[first], other, schemas[other])
    return (
        f"these files have different columns or types: {difference}; declare each kind as a "
        "source of its own"
    )


def _difference(one: Path, columns: pl.Schema, other: Path, others: pl.Schema) -> str:
    for name in columns:
        if name not in others:
            return f"column {name!r} is in {one.name} and not in {other.name}"
        if columns[name] != others[name]:
            return f"{name!r} is {columns[name]} in {one.name} and {others[name]} in {other.name}"
    for name in others:
        if name not in columns:
            return f"column {name!r} is in {other.name} and not in {one.name}"
    return f"the columns of {other.name} stand in another order than those of {one.name}"
