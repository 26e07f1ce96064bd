"""ShownRows makes rows of a source readable, whatever their types and values are.

Python has no dates beyond the year 9999, and polars panics on some of those in text, although
warehouses have them: DuckDB and Postgres write `infinity` for no end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ct_assets.mapping.convert.dtypes import dtype_of, inner, is_list

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""Of the years 1 and 9999, in days since 1970."""
_PER_DAY: Mapping[str, int] = {unit: 86_400 * per for unit, per in
                               {"ms": 10**3, "us": 10**6, "ns": 10**9}.items()}  # fmt: skip


def shown_rows(frame: pl.DataFrame) -> Sequence[Mapping[str, Any]]:
    """The rows as values that JSON has, or that `str` writes."""
    columns = [shown(pl.col(name), dtype).alias(name) for name, dtype in frame.schema.items()]
    return frame.select(columns).to_dicts()


def shown(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Dates, times, decimals and bytes as text, inside lists and structs, too; others as they are.

    Bytes are written in hexadecimal digits.
    """
    if isinstance(dtype, pl.Date):
        return _moment(value, _FIRST_DAY, _LAST_DAY, "days")
    if isinstance(dtype, pl.Datetime):
        # A zone may move the first and the last day out of the calendar.
        per_day, margin = _PER_DAY[dtype.time_unit], 0 if dtype.time_zone in (None, "UTC") else 1
        first, last = (_FIRST_DAY + margin) * per_day, (_LAST_DAY + 1 - margin) * per_day - 1
        return _moment(value, max(first, -(2**63)), min(last, 2**63 - 1), dtype.time_unit)
    if isinstance(dtype, pl.Duration):
        return pl.format("{} " + dtype.time_unit, value.to_physical())
    if isinstance(dtype, pl.Time):
        return value.dt.to_string("iso:strict")
    if isinstance(dtype, pl.Decimal):
        return value.cast(pl.String)
    if isinstance(dtype, pl.Binary):
        return value.bin.encode("hex")
    if is_list(dtype):
        values = value.arr.to_list() if isinstance(dtype, pl.Array) else value
        return values.list.eval(shown(pl.element(), inner(dtype)))
    if isinstance(dtype, pl.Struct) and dtype.fields:
        parts = [shown(value.struct.field(f.name), dtype_of(f)).alias(f.name) for f in dtype.fields]
        return pl.when(value.is_not_null()).then(pl.struct(parts))
    return value


def _moment(value: pl.Expr, first: int, last: int, unit: str) -> pl.Expr:
    number = value.to_physical()
    within = pl.when(number.is_between(first, last)).then(value).dt.to_string("iso:strict")
    side = pl.when(number > last).then(pl.lit("after the year 9999"))
    far = side.otherwise(pl.lit("before the year 1"))
    return pl.coalesce(within, pl.format("{} ({} {} since 1970)", far, number, pl.lit(unit)))
