"""Types that a declaration gives to columns of files, and how text becomes a value of them."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import polars as pl

ColumnType = Literal["string", "integer", "float", "boolean", "date", "datetime"]
COLUMN_TYPES: Sequence[str] = get_args(ColumnType)

_NUMBERS: Mapping[str, pl.DataType] = {"integer": pl.Int64(), "float": pl.Float64()}
_DATETIMES = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_BOOLEANS = {"true": True, "t": True, "yes": True, "1": True} | {
    "false": False, "f": False, "no": False, "0": False,
}  # fmt: skip


def typed(column: pl.Expr, kind: str) -> pl.Expr:
    """The column as a `ColumnType`; null where its text is no value of it."""
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


def given(column: pl.Expr, kind: str) -> pl.Expr:
    """Whether there is a value; blank text is one of type string only."""
    return column.is_not_null() if kind == "string" else _trimmed(column).str.len_bytes() > 0


def _trimmed(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.String).str.strip_chars()
