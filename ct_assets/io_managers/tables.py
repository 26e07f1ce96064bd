"""Files as tables: CSV whose columns are text unless a type is named, and Parquet."""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from ct_assets.errors import UserError, closest, disk_trouble, hushed

ColumnType = Literal["string", "integer", "float", "boolean", "date", "datetime"]

_DTYPES: Mapping[str, pl.DataType] = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "float": pl.Float64(),
}
_DATETIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_BOOLEANS = {"true": True, "t": True, "yes": True, "1": True} | {
    "false": False, "f": False, "no": False, "0": False,
}  # fmt: skip
COLUMN_TYPES: Sequence[str] = get_args(ColumnType)
CSV, PARQUET = (".csv", ".tsv", ".txt"), (".parquet", ".pq")
READABLE = f"Only CSV ({', '.join(CSV)}) and Parquet ({', '.join(PARQUET)}) are read."
SEPARATORS = ",;\t|"

# Polars panics on types that it does not know, such as Parquet's INTERVAL.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


class FileError(UserError):
    pass


def matching(pattern: str, root: Path) -> list[Path]:
    """The files that `pattern` names, in a stable order; relative ones start at `root`."""
    path = Path(pattern)
    anchor = Path(path.anchor) if path.is_absolute() else root
    relative = path.relative_to(path.anchor) if path.is_absolute() else path
    if (anchor / relative).is_file():
        return [anchor / relative]
    found = sorted(p for p in anchor.glob(str(relative)) if p.is_file() and not _hidden(p, path))
    if not found:
        if (anchor / relative).is_dir():
            raise FileError(f"{pattern!r} is a folder; name its files, such as {pattern!r}/*.csv")
        folder = (anchor / relative).parent
        neighbours = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        hint = closest(path.name, neighbours)
        raise FileError(f"no file matches {pattern!r} (looked in {folder}){hint}")
    return found


def readable(pattern: str) -> bool:
    """Whether files of that name are of a kind that is read; a pattern may leave it open."""
    suffix = Path(pattern).suffix.lower()
    return suffix in (*CSV, *PARQUET) or any(sign in suffix for sign in "*?[")


def snapshot(
    files: Sequence[Path], into: Path, *, types: Mapping[str, str], row_group_size: int = 100_000
) -> None:
    """Write the rows of `files` to the Parquet file `into`."""
    with explained(files):
        frame = scan(files)
        columns = frame.collect_schema().names()
        _check_types(types, columns, files)
        cast = [typed(pl.col(name), kind).alias(name) for name, kind in types.items()]
        frame.with_columns(cast).sink_parquet(
            into, compression_level=1, row_group_size=row_group_size
        )
        _check_cells(frame, into, types, files)


def _hidden(file: Path, pattern: Path) -> bool:
    """What editors and copies under way leave beside the files that are meant."""
    return file.name.startswith(".") and not pattern.name.startswith(".")


def scan(files: Sequence[Path]) -> pl.LazyFrame:
    kinds = {file.suffix.lower() for file in files}
    if kinds <= set(PARQUET):
        return pl.scan_parquet(list(files))
    if kinds <= set(CSV):
        return _scan_csv(files)
    raise FileError(f"{named(files)} is of another kind. {READABLE}")


def _scan_csv(files: Sequence[Path]) -> pl.LazyFrame:
    separator = _separator(files[0])
    frame = pl.scan_csv(list(files), infer_schema=False, separator=separator)
    first = pl.scan_csv(
        files[0], has_header=False, n_rows=1, infer_schema=False, separator=separator
    )
    header = first.collect().row(0)
    _check_header(header, files)
    if len(header) == 1:
        return frame
    return frame.filter(pl.any_horizontal(pl.all().is_not_null()))  # blank lines are no rows


def _separator(file: Path) -> str:
    """The usual separator that the header has most of outside of quotes."""
    with file.open("rb") as lines:
        header = re.sub(rb'"[^"]*"', b"", lines.readline(65_536))
    usual = "\t,;|" if file.suffix.lower() == ".tsv" else SEPARATORS
    return max(usual, key=lambda separator: header.count(separator.encode()))


def _check_header(header: Sequence[str | None], files: Sequence[Path]) -> None:
    names = [name for name in header if name]
    if any(not name.isprintable() or "\ufffd" in name for name in names):
        raise FileError(f"{named(files)}: the header is no text in UTF-8; save the file as such")
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise FileError(
            f"{named(files)}: the header has {', '.join(map(repr, repeated))} more than once; "
            "give each column a name of its own"
        )


def typed(column: pl.Expr, kind: str) -> pl.Expr:
    text = column.cast(pl.String).str.strip_chars()
    if kind == "boolean":
        folded = text.str.to_lowercase()
        return folded.replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    if kind == "date":
        return text.str.to_date("%Y-%m-%d", strict=False)
    if kind == "datetime":
        spaced = text.str.replace("T", " ", literal=True)
        return pl.coalesce(
            spaced.str.to_datetime(form, time_unit="us", strict=False) for form in _DATETIMES
        )
    return column.cast(_DTYPES[kind], strict=False)


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
    given = frame.select(pl.col(name).is_not_null().sum() for name in types)
    got = pl.scan_parquet(into).select(pl.col(name).is_not_null().sum() for name in types)
    before, after = pl.collect_all([given, got], engine="streaming")
    for name, kind in types.items():
        lost = before[name].item() - after[name].item()
        if lost:
            bad = pl.col(name).is_not_null() & typed(pl.col(name), kind).is_null()
            row = frame.select(bad.arg_max()).collect(engine="streaming").item() + 1
            raise FileError(
                f"{named(files)}: column {name!r} has {lost} values that are no {kind}, the first"
                f" in row {row}; correct them, or leave {name!r} out of `types` to keep it as text"
            )


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
    if isinstance(error, pl.exceptions.NoDataError):
        return "the file is empty, it has no header"
    text = str(error).lower()
    if "more fields" in text:
        return "a line has more fields than the header; is a value with a comma not in quotes?"
    if "utf-8" in text or "utf8" in text:
        return f"{_not_utf8(files)} is not UTF-8; save the file as UTF-8"
    if "csv malformed" in text:
        return "a quote stands inside a value that is not in quotes; quote it and double the quote"
    if "could not parse" in text:
        return "a quote is opened and never closed"
    return _apart(files) or f"cannot be read ({type(error).__name__})"


def _not_utf8(files: Sequence[Path]) -> str:
    for file in files:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return f"line {number}{f' of {file.name}' if len(files) > 1 else ''}"
    return "the file"


def _apart(files: Sequence[Path]) -> str | None:
    """What tells the files of one source apart, or which of them cannot be read at all."""
    schemas = set()
    for file in files[:100]:
        try:
            schemas.add(tuple(scan([file]).collect_schema().items()))
        except pl.exceptions.PanicException:
            return f"{file.name} has a column of a type that is not read; write it as text"
        except pl.exceptions.PolarsError as error:
            return f"{file.name} cannot be read ({type(error).__name__})"
    if len(schemas) > 1:
        return (
            "these files have different columns or types; declare each kind as a source of its own"
        )
    return None


def named(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].name}{more}"
