"""Types that a declaration gives to columns of files, and how text becomes a value of them.

Text is read as fields read it that have a type in a sync (`mapping.convert`).
"""

from typing import Literal

import polars as pl

from ct_assets.mapping.convert.choices import either
from ct_assets.mapping.convert.dtypes import trimmed
from ct_assets.mapping.convert.moments.iso_texts import day, is_zoned, local_moment, moment_in_utc
from ct_assets.mapping.convert.numbers import kept_float, whole_number

ColumnType = Literal["string", "integer", "float", "boolean", "date", "datetime"]
MOST_DIGITS = 38
"""Of a decimal of Parquet, DuckDB and polars."""


def typed(column: pl.Expr, kind: str) -> pl.Expr:
    """The column as a `ColumnType`; null where its text is no value of it.

    A datetime with a time zone is given in UTC; `zoned` tells it from others.
    """
    if kind == "string":
        return column.cast(pl.String)
    text = _trimmed(column)
    if kind == "boolean":
        return either(text.str.to_lowercase(), pl.lit(value=True), pl.lit(value=False))
    if kind == "date":
        moment = local_moment(text)
        midnight = pl.when(moment == moment.dt.truncate("1d")).then(moment.dt.date())
        return pl.coalesce(day(text), midnight)
    if kind == "datetime":
        return pl.coalesce(local_moment(text), moment_in_utc(pl.when(is_zoned(text)).then(text)))
    return whole_number(text) if kind == "integer" else kept_float(text)


def given(column: pl.Expr, kind: str) -> pl.Expr:
    """Whether there is a value; blank text is one of type string only."""
    return column.is_not_null() if kind == "string" else _trimmed(column).is_not_null()


def zoned(column: pl.Expr) -> pl.Expr:
    """Whether it is a time with a time zone."""
    return is_zoned(_trimmed(column)).fill_null(value=False)


def _trimmed(column: pl.Expr) -> pl.Expr:
    return trimmed(column.cast(pl.String), pl.String())
