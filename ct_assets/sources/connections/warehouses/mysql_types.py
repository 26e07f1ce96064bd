"""MysqlTypes says what each type of MySQL becomes, and converts the text of its values."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ct_assets.mapping.convert.column_types import MOST_DIGITS
from ct_assets.sources.connections.database import Column, Database

TIMESTAMP = "timestamp"
"""The kind of a column of moments."""
_BINARY = 63
"""The character set of bytes."""
_UNSIGNED = 32
_UTC = pl.Datetime("us", "UTC")
_WHOLE: Mapping[int, tuple[str, pl.DataType]] = {
    1: ("tinyint", pl.Int8()),
    2: ("smallint", pl.Int16()),
    3: ("int", pl.Int32()),
    8: ("bigint", pl.Int64()),
    9: ("mediumint", pl.Int32()),
    13: ("year", pl.Int16()),
}
_WHOLE_UNSIGNED: Mapping[int, pl.DataType] = {
    1: pl.UInt8(), 2: pl.UInt16(), 3: pl.UInt32(), 8: pl.UInt64(), 9: pl.UInt32(), 13: pl.Int16(),
}  # fmt: skip
_DECIMAL, _FLOAT, _DOUBLE, _TIMESTAMP, _DATE, _TIME, _DATETIME = (0, 246), 4, 5, 7, 10, 11, 12
_BIT, _JSON, _GEOMETRY = 16, 245, 255
_KINDS: Mapping[int, tuple[str, pl.DataType]] = {
    _DOUBLE: ("double", pl.Float64()),
    _DATE: ("date", pl.Date()),
    _DATETIME: ("datetime", pl.Datetime("us")),
    _TIME: ("time", pl.String()),
    _JSON: ("json", pl.String()),
}


def column_of(field: Any, database: Database) -> Column:  # noqa: ANN401 - pymysql's, an extra
    """How a column is read, by what the server says of it."""
    code, name, unsigned = field.type_code, field.name, bool(field.flags & _UNSIGNED)
    if code in _WHOLE:
        kind, signed = _WHOLE[code]
        dtype = _WHOLE_UNSIGNED[code] if unsigned else signed
        return Column(name=name, kind=f"{kind} unsigned" if unsigned else kind, dtype=dtype)
    if code in _DECIMAL:
        scale = field.scale
        precision = field.length - bool(scale) - (not unsigned)
        kind = f"decimal({precision},{scale})"
        if precision <= MOST_DIGITS:
            return Column(name=name, kind=kind, dtype=pl.Decimal(precision, scale))
        return Column(name=name, kind=kind, dtype=pl.Decimal(MOST_DIGITS, 0), any_digits=True)
    if code == _FLOAT:  # which the server would write in 6 digits
        exact = f"{database.quoted(name)} + 0e0"
        return Column(name=name, kind="float", dtype=pl.Float32(), sql=exact)
    if code == _TIMESTAMP:  # which says twice the same in the hour that ends summer time
        at = database.quoted(name)
        seconds = f"coalesce(unix_timestamp({at}), if({at} is null, null, 0))"
        return Column(name=name, kind=TIMESTAMP, dtype=_UTC, sql=seconds)
    if code == _BIT:
        number = f"cast({database.quoted(name)} as unsigned)"
        return Column(name=name, kind="bit", dtype=pl.UInt64(), sql=number)
    if code == _GEOMETRY:
        why = f"its type geometry is not read; write st_astext({name}) in a query"
        return Column(name=name, kind="geometry", dtype=pl.String(), left_out=why)
    if code in _KINDS:
        kind, dtype = _KINDS[code]
        return Column(name=name, kind=kind, dtype=dtype)
    if field.charsetnr == _BINARY and code in (249, 250, 251, 252, 253, 254):
        return Column(name=name, kind="binary", dtype=pl.Binary())
    return Column(name=name, kind="text", dtype=pl.String())


def converted(rows: Sequence[Sequence[object]], columns: Sequence[Column]) -> pl.DataFrame:
    """The values of their types, and null where a text is no value of its type, such as 0000-00-00.

    Those stay text in a column of their own kind, for the writer to tell.
    """
    schema = {
        column.name: pl.Binary() if column.dtype == pl.Binary() else pl.String()
        for column in columns
    }
    texts = pl.DataFrame(rows, schema=schema, orient="row")
    return texts.with_columns(
        value for column in columns if (value := _value(column, texts[column.name])) is not None
    )


def _value(column: Column, text: pl.Series) -> pl.Series | None:
    """None where the writer of the rows converts it, or where it stays text."""
    if isinstance(column.dtype, pl.Date):
        value = text.str.to_date("%Y-%m-%d", strict=False)
    elif column.dtype == _UTC:
        value = _moment(text)
    elif isinstance(column.dtype, pl.Datetime):
        value = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    else:
        return None
    return value if value.null_count() == text.null_count() else None


def _moment(seconds: pl.Series) -> pl.Series:
    """Of seconds since 1970, of which 0 stands for a date of zeros: MySQL has no such moment."""
    counted = seconds.cast(pl.Decimal(MOST_DIGITS, 6), strict=False) * 1_000_000
    return (
        counted.cast(pl.Int64).replace(0, None).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    )
