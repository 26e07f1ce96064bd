"""Files as tables: CSV whose columns are text unless a type is named, and Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from ct_assets.errors import UserError, closest, hushed

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


class FileError(UserError):
    pass


def matching(pattern: str, root: Path) -> list[Path]:
    """The files that `pattern` names, in a stable order; relative ones start at `root`."""
    path = Path(pattern)
    anchor = Path(path.anchor) if path.is_absolute() else root
    relative = path.relative_to(path.anchor) if path.is_absolute() else path
    found = sorted(p for p in anchor.glob(str(relative)) if p.is_file())
    if not found:
        folder = (anchor / relative).parent
        neighbours = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        hint = closest(path.name, neighbours)
        raise FileError(f"no file matches {pattern!r} (looked in {folder}){hint}")
    return found


def snapshot(
    files: Sequence[Path], into: Path, *, types: Mapping[str, str], row_group_size: int = 100_000
) -> None:
    """Write the rows of `files` to the Parquet file `into`."""
    frame = _scan(files)
    try:
        columns = frame.collect_schema().names()
        _check_types(types, columns, files)
        cast = [_typed(pl.col(name), kind).alias(name) for name, kind in types.items()]
        frame.with_columns(cast).sink_parquet(into, row_group_size=row_group_size)
        _check_cells(frame, into, types, files)
    except pl.exceptions.PolarsError as error:
        raise _failure(error, files) from None


def largest(files: Sequence[Path], column: str, *, types: Mapping[str, str]) -> str:
    """The largest value of a column, as text."""
    frame = _scan(files)
    try:
        columns = frame.collect_schema().names()
        if column not in columns:
            raise FileError(f"{_named(files)}: no column {column!r} (wanted by `watermark`)"
                            f"{closest(column, columns)}")  # fmt: skip
        value = _typed(pl.col(column), types[column]) if column in types else pl.col(column)
        return str(frame.select(value.max()).collect(engine="streaming").item())
    except pl.exceptions.PolarsError as error:
        raise _failure(error, files) from None


def count(
    files: Sequence[Path], beyond: tuple[str, str] | None, *, types: Mapping[str, str]
) -> int:
    """How many rows there are, or how many whose column `beyond[0]` is larger than `beyond[1]`."""
    frame = _scan(files)
    try:
        if beyond is not None:
            column, limit = beyond
            value, known = pl.col(column), pl.lit(limit)
            if column in types:
                value, known = _typed(value, types[column]), _typed(known, types[column])
            else:
                known = known.cast(frame.collect_schema()[column])
            frame = frame.filter(value > known)
        return int(frame.select(pl.len()).collect(engine="streaming").item())
    except pl.exceptions.PolarsError as error:
        raise _failure(error, files) from None


def _scan(files: Sequence[Path]) -> pl.LazyFrame:
    kinds = {file.suffix.lower() for file in files}
    if kinds <= {".parquet", ".pq"}:
        return pl.scan_parquet(list(files))
    if kinds <= {".csv", ".tsv", ".txt"}:
        separator = "\t" if ".tsv" in kinds else ","
        return pl.scan_csv(list(files), infer_schema=False, separator=separator)
    raise FileError(f"{_named(files)}: only CSV (.csv, .tsv, .txt) and Parquet (.parquet) are read")


def _typed(column: pl.Expr, kind: str) -> pl.Expr:
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
            raise FileError(f"{_named(files)}: no column {name!r} (wanted by `types`)"
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
            bad = pl.col(name).is_not_null() & _typed(pl.col(name), kind).is_null()
            row = frame.select(bad.arg_max()).collect(engine="streaming").item() + 1
            raise FileError(
                f"{_named(files)}: column {name!r} has {lost} values that are no {kind}, the first"
                f" in row {row}; correct them, or leave {name!r} out of `types` to keep it as text"
            )


def _failure(error: pl.exceptions.PolarsError, files: Sequence[Path]) -> FileError:
    message = f"{_named(files)}: {_explained(error, files)}"
    hushed(error)
    return FileError(message)


def _explained(error: pl.exceptions.PolarsError, files: Sequence[Path]) -> str:
    """What went wrong, without the error's own text, which quotes cells."""
    if isinstance(error, pl.exceptions.NoDataError):
        return "the file is empty, it has no header"
    headers = {tuple(_scan([file]).collect_schema().names()) for file in files[:100]}
    if len(headers) > 1:
        return "these files have different columns; declare each kind as a source of its own"
    text = str(error).lower()
    if "more fields" in text:
        return "a line has more fields than the header; is a value with a comma not in quotes?"
    if "utf-8" in text or "utf8" in text:
        return "the file is not UTF-8"
    return f"cannot be read ({type(error).__name__})"


def _named(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].name}{more}"
