"""StagedBatches writes the batches of a query to Parquet, in types that lose nothing."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from ct_assets.errors import hushed
from ct_assets.mapping.convert.column_types import MOST_DIGITS
from ct_assets.sources.connections.database import Column
from ct_assets.sources.query_errors import QueryError
from ct_assets.staging import ROW_GROUP

_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)


@dataclass
class StagedBatches:
    columns: Sequence[Column]
    label: str
    rows: int = 0
    """Read so far."""
    _whole: dict[str, int] = field(default_factory=dict)
    """The most digits before the point, of each decimal whose digits are not known before."""
    _places: dict[str, int] = field(default_factory=dict)

    def write(self, batches: Iterator[pl.DataFrame], into: Path) -> None:
        """Write all rows to the Parquet file `into`.

        Raises:
            QueryError: A column has values that none of its types keeps; it is named with the cast
                to write.
        """
        late = [column for column in self.columns if column.any_digits]
        first = into.with_suffix(".text") if late else into
        schema = {column.name: _streamed(column) for column in self.columns}
        failed: list[BaseException] = []

        def source(*_: object) -> Iterator[pl.DataFrame]:
            try:
                for batch in batches:
                    self.rows += batch.height
                    yield self._typed(batch)
            except BaseException as error:
                failed.append(error)
                raise

        with _told(failed):
            _sink(register_io_source(source, schema=schema), first)
        if late:
            decimals = [self._settled(column).alias(column.name) for column in late]
            _sink(pl.scan_parquet(first, glob=False).with_columns(decimals), into)
            first.unlink()

    def _typed(self, batch: pl.DataFrame) -> pl.DataFrame:
        for column in self.columns:
            if column.any_digits:
                self._measure(column, batch[column.name])
        for name in batch.columns[len(self.columns) :]:
            if batch[name].any():
                tests = [column for column in self.columns if column.flat]
                column = tests[int(name.rpartition(" ")[2])]
                raise self._refused(column, "lists in lists", f"cast({column.name} as text)")
        return batch.select(self._read(column, batch[column.name]) for column in self.columns)

    def _read(self, column: Column, values: pl.Series) -> pl.Series:
        target = _streamed(column)
        if target.is_temporal() and values.dtype == pl.String:
            raise self._unfit(column, values)
        read = values if values.dtype == target else values.cast(target, strict=False)
        if read is not values and read.null_count() > values.null_count():
            raise self._unfit(column, values)
        if isinstance(target, pl.Date | pl.Datetime) and not _within(read):
            raise self._refused(
                column,
                "infinity, or a time outside of the years 1 to 9999",
                f"nullif({column.name}, 'infinity') or cast({column.name} as text)",
            )
        return read.alias(column.name)

    def _measure(self, column: Column, values: pl.Series) -> None:
        texts = values.explode() if isinstance(values.dtype, pl.List) else values
        text = pl.col("text")
        measured = (
            texts.str.strip_chars_start("-")
            .to_frame("text")
            .select(
                strange=text.str.contains("^[^0-9]").any(),
                whole=text.str.extract(r"^(\d+)").str.len_bytes().max(),
                places=text.str.extract(r"\.(\d*?)0*$").str.len_bytes().max(),
            )
        )
        strange, before, behind = measured.row(0)
        if strange:
            raise self._unfit(column, values)
        self._whole[column.name] = max(self._whole.get(column.name, 0), before or 0)
        self._places[column.name] = max(self._places.get(column.name, 0), behind or 0)

    def _settled(self, column: Column) -> pl.Expr:
        whole, places = self._whole.get(column.name, 0), self._places.get(column.name, 0)
        if whole + places > MOST_DIGITS:
            raise self._refused(
                column,
                f"numbers of more than {MOST_DIGITS} digits",
                f"round({column.name}, 10), or cast({column.name} as text) to send every digit",
            )
        kind = pl.Decimal(MOST_DIGITS, places)
        values = pl.col(column.name)
        return values.cast(pl.List(kind) if isinstance(column.dtype, pl.List) else kind)

    def _unfit(self, column: Column, values: pl.Series) -> QueryError:
        if isinstance(column.dtype, pl.Decimal) or column.any_digits:
            cast = f"nullif({column.name}, 'NaN') or cast({column.name} as text)"
            return self._refused(column, "NaN or infinity, which no decimal is", cast)
        if isinstance(column.dtype, pl.Date | pl.Datetime):
            name = column.name
            cast = f"if({name} < '1000-01-01', null, {name}) or cast({name} as char)"
            return self._refused(column, "dates of zeros, such as 0000-00-00", cast)
        cast = f"cast({column.name} as text)"
        return self._refused(column, f"{values.dtype} values that are no {column.dtype}", cast)

    def _refused(self, column: Column, values: str, cast: str) -> QueryError:
        return QueryError(
            f"{self.label}: column {column.name!r} ({column.kind}) has {values}; write {cast} in "
            "the query"
        )


def _streamed(column: Column) -> pl.DataType:
    """The type until all rows are read: text where the digits of a decimal are not known."""
    if not column.any_digits:
        return column.dtype
    return pl.List(pl.String()) if isinstance(column.dtype, pl.List) else pl.String()


def _within(values: pl.Series) -> bool:
    """Whether all dates and times are of the years 1 to 9999, as infinity is not."""
    if isinstance(values.dtype, pl.Date):
        lowest, highest = pl.Series([_FIRST]), pl.Series([_LAST])
    else:
        ends = [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)]
        unit = values.dtype.time_unit if isinstance(values.dtype, pl.Datetime) else "us"
        lowest, highest = (pl.Series([end], dtype=pl.Datetime(unit)) for end in ends)
    counts = values.to_physical()
    inside = counts.is_between(lowest.to_physical().item(), highest.to_physical().item())
    return bool(inside.all())


def _sink(frame: pl.LazyFrame, into: Path) -> None:
    frame.sink_parquet(into, compression="lz4", row_group_size=ROW_GROUP, statistics=False)


@contextlib.contextmanager
def _told(failed: Sequence[BaseException]) -> Iterator[None]:
    """Raises what the batches raised in place of what polars makes of it."""
    try:
        yield
    except Exception as error:
        if not failed:
            raise
        hushed(error)
        raise failed[0] from None
