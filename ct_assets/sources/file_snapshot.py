"""Files as tables: CSV whose columns are text unless a type is named, and Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from ct_assets.errors import closest
from ct_assets.sources.csv_file import FileError, named, uneven_line
from ct_assets.sources.formats import all_csv, explained, scan
from ct_assets.staging import ROW_GROUP

ColumnType = Literal["string", "integer", "float", "boolean", "date", "datetime"]

_NUMBERS: Mapping[str, pl.DataType] = {"integer": pl.Int64(), "float": pl.Float64()}
_DATETIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_BOOLEANS = {"true": True, "t": True, "yes": True, "1": True} | {
    "false": False, "f": False, "no": False, "0": False,
}  # fmt: skip
COLUMN_TYPES: Sequence[str] = get_args(ColumnType)


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


def snapshot(
    files: Sequence[Path], into: Path, *, types: Mapping[str, str], row_group_size: int = ROW_GROUP
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
        _check_lines(columns, into, files)
        _check_cells(frame, into, types, files)


def _hidden(file: Path, pattern: Path) -> bool:
    """What editors and copies under way leave beside the files that are meant."""
    return file.name.startswith(".") and not pattern.name.startswith(".")


def _check_lines(columns: list[str], into: Path, files: Sequence[Path]) -> None:
    """Fail where a line has fewer fields than the header: polars makes nulls of the others."""
    if len(columns) == 1 or not all_csv(files):
        return
    last = pl.scan_parquet(into, glob=False).select(pl.col(columns[-1]).null_count())
    if last.collect(engine="streaming").item() and (uneven := uneven_line(files)):
        raise FileError(f"{named(files)}: {uneven}")


def typed(column: pl.Expr, kind: str) -> pl.Expr:
    if kind == "string":
        return column.cast(pl.String)
    text = _trimmed(column)
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
    return pl.coalesce(value.cast(_NUMBERS[kind], strict=False) for value in (column, text))


def _trimmed(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.String).str.strip_chars()


def _given(column: pl.Expr, kind: str) -> pl.Expr:
    """Whether there is a value; blank text is one of type string only."""
    return column.is_not_null() if kind == "string" else _trimmed(column).str.len_bytes() > 0


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
    given = frame.select(_given(pl.col(name), kind).sum() for name, kind in types.items())
    got = pl.scan_parquet(into, glob=False).select(
        pl.col(name).is_not_null().sum() for name in types
    )
    before, after = pl.collect_all([given, got], engine="streaming")
    for name, kind in types.items():
        lost = before[name].item() - after[name].item()
        if lost:
            bad = _given(pl.col(name), kind) & typed(pl.col(name), kind).is_null()
            row = frame.select(bad.arg_max()).collect(engine="streaming").item() + 1
            raise FileError(
                f"{named(files)}: column {name!r} has {lost} values that are no {kind}, the first"
                f" in row {row}; correct them, or leave {name!r} out of `types` to keep it as text"
            )
