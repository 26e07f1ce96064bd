"""Files as lazy frames, and why one of them cannot be read."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from ct_assets.errors import disk_trouble, hushed
from ct_assets.sources import csv_file
from ct_assets.sources.csv_file import FileError, named

CSV, PARQUET = csv_file.SUFFIXES, (".parquet", ".pq")
READABLE = f"Only CSV ({', '.join(CSV)}) and Parquet ({', '.join(PARQUET)}) are read."
_MAGIC = b"PAR1"

# Polars panics on types that it does not know, such as Parquet's INTERVAL.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


def readable(pattern: str) -> bool:
    """Whether files of that name are of a kind that is read; a pattern may leave it open."""
    suffix = Path(pattern).suffix.lower()
    return suffix in (*CSV, *PARQUET) or any(sign in suffix for sign in "*?[")


def all_csv(files: Sequence[Path]) -> bool:
    return {file.suffix.lower() for file in files} <= set(CSV)


def scan(files: Sequence[Path]) -> pl.LazyFrame:
    if all_csv(files):
        return csv_file.scan(files)
    if {file.suffix.lower() for file in files} <= set(PARQUET):
        return pl.scan_parquet(list(files), glob=False)
    raise FileError(f"{named(files)} is of another kind. {READABLE}")


@contextlib.contextmanager
def explained(files: Sequence[Path]) -> Iterator[None]:
    """Errors of polars as ours, without their own texts, which quote cells."""
    try:
        yield
    except _UNREADABLE as error:
        message = f"{named(files)}: {_why(error, files)}"
        hushed(error)
        raise FileError(message) from None


def _why(error: BaseException, files: Sequence[Path]) -> str:
    if trouble := disk_trouble(error):
        return trouble
    text = str(error).lower()
    if "more fields" in text:
        return csv_file.uneven_line(files) or "a line has more fields than the header"
    if "utf-8" in text or "utf8" in text:
        return f"{csv_file.not_utf8(files)} is not UTF-8; save the file as UTF-8"
    if "csv malformed" in text:
        return "a quote stands inside a value that is not in quotes; quote it and double the quote"
    if "could not parse" in text:
        return "a quote is opened and never closed"
    return _apart(files) or f"cannot be read ({type(error).__name__})"


def _apart(files: Sequence[Path]) -> str | None:
    """What tells the files of one source apart, or which of them cannot be read at all."""
    schemas, separators = set(), {}
    for file in files[:100]:
        try:
            schemas.add(tuple(scan([file]).collect_schema().items()))
        except _UNREADABLE as error:
            whose = file.name if len(files) > 1 else "the file"
            return f"{whose} {_unreadable(file, error)}"
        if all_csv([file]):
            separators[csv_file.separator_of(file)] = file.name
    if len(schemas) > 1:
        return (
            "these files have different columns or types; declare each kind as a source of its own"
        )
    if len(separators) > 1:
        each = " and ".join(f"{sign!r} in {name}" for sign, name in separators.items())
        return f"these files have different separators, {each}; save them all with the same"
    return None


def _unreadable(file: Path, error: BaseException) -> str:
    if isinstance(error, pl.exceptions.NoDataError):
        return "is empty, it has no header"
    if not all_csv([file]) and not _whole_parquet(file):
        return "is no whole Parquet file: it is empty, cut off or of another kind; write it again"
    if isinstance(error, pl.exceptions.PanicException):
        return "has a column of a type that is not read; write it as text"
    return f"cannot be read ({type(error).__name__})"


def _whole_parquet(file: Path) -> bool:
    """Whether it begins and ends as the format wants it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        begin = content.read(len(_MAGIC))
        content.seek(max(size - len(_MAGIC), 0))
        return begin == content.read() == _MAGIC and size > 2 * len(_MAGIC)
