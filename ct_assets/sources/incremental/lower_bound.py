"""LowerBound is the least watermark of the rows that are read again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl

from ct_assets.errors import no_column
from ct_assets.sources.query_errors import QueryError

Watermark = int | Decimal | date | datetime
_ONE_OF = "must be a date, a time or a whole number"


@dataclass(frozen=True)
class LowerBound:
    column: str
    watermark: str
    """The greatest value that was read, as `noted` writes it."""
    lookback: timedelta | int

    def of(self, dtype: pl.DataType) -> Watermark:
        """The bound as a value of the column."""
        value = read(self.watermark, dtype)
        if not isinstance(value, date):  # nor a datetime, which is one
            return value - (self.lookback if isinstance(self.lookback, int) else 0)
        back = self.lookback if isinstance(self.lookback, timedelta) else timedelta(0)
        if not isinstance(value, datetime):
            back = timedelta(days=-(-back // timedelta(days=1)))
        try:
            return value - back
        except OverflowError:
            return value


def checked(columns: Mapping[str, pl.DataType], column: str, label: str) -> pl.DataType:
    """The type of the column that rows are read by.

    Raises:
        QueryError: There is none, or it does not grow in an order that all databases agree on.
    """
    if column not in columns:
        raise QueryError(f"{label}: {no_column(column, list(columns), 'incremental.column')}")
    dtype = columns[column]
    whole = dtype.is_integer() or isinstance(dtype, pl.Decimal)
    if whole or isinstance(dtype, pl.Date | pl.Datetime):
        return dtype
    raise QueryError(
        f"{label}: column {column!r} of `incremental` is of type {dtype}, and {_ONE_OF}; cast it "
        "in a query"
    )


def noted(value: object, begun: datetime) -> str | None:
    """A watermark as text; a time that lies ahead of `begun` is no reason to read nothing else."""
    if value is None:
        return None
    if isinstance(value, datetime):
        now = begun if value.tzinfo else begun.replace(tzinfo=None)
        return min(value, now).isoformat()
    if isinstance(value, date):
        return min(value, begun.date()).isoformat()
    return str(value)


def read(text: str, dtype: pl.DataType) -> Watermark:
    """Raises ValueError where it was noted of a column of another type."""
    if isinstance(dtype, pl.Datetime):
        value = datetime.fromisoformat(text)
        if (value.tzinfo is None) != (dtype.time_zone is None):
            raise ValueError(text)
        return value.astimezone(UTC) if value.tzinfo else value
    if isinstance(dtype, pl.Date):
        return date.fromisoformat(text)
    return Decimal(text) if isinstance(dtype, pl.Decimal) else int(text)
