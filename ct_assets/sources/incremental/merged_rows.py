"""MergedRows reads the rows that changed, and merges them with those of the snapshot before."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ct_assets.errors import no_column
from ct_assets.snapshot_meta import IncrementalMeta
from ct_assets.sources.incremental.incremental_spec import IncrementalSpec, duration
from ct_assets.sources.incremental.lower_bound import LowerBound, checked, noted, read
from ct_assets.sources.query_errors import QueryError
from ct_assets.sources.source_kind import SourceRows
from ct_assets.sql import connected, name_sql, parquet_sql
from ct_assets.staging import ROW_GROUP, Snapshot

_CHANGED, _FORMER = "changed.parquet", "former.parquet"


@dataclass(frozen=True)
class MergedRows:
    rows: SourceRows
    spec: IncrementalSpec
    label: str
    before: Snapshot | None
    """That of the same declaration, or None: then all rows are read."""
    tell: Callable[[str], object] = lambda _: None

    def snapshot(self, into: Path) -> tuple[Mapping[str, str], IncrementalMeta]:
        """Write all rows to `into`.

        Gives the columns that are left out, and what the next read goes by.

        Raises:
            QueryError: The key is not unique, or a column of `incremental` is not there.
        """
        begun = datetime.now(UTC)
        known, key = self._known(begun), self._key()
        if known is not None and self.before is not None and known.watermark is not None:
            changed = into.with_name(_CHANGED)
            bound = LowerBound(self.spec.column, known.watermark, self.spec.look_back)
            left_out = self.rows.since(bound).snapshot(changed)
            self._check(changed, key)
            watermark = self._later(known.watermark, changed, begun)
            news = watermark != known.watermark
            merged = _merge(self.before, changed, key, into, news=news)
            changed.unlink()
            if merged:
                return left_out, IncrementalMeta(watermark=watermark, full_at=known.full_at)
            self.tell(f"{self.label}: its columns are others than before; all rows are read")
        left_out = self.rows.snapshot(into)
        self._check(into, key)
        greatest = noted(self._greatest(into), begun)
        return left_out, IncrementalMeta(watermark=greatest, full_at=begun.timestamp())

    def _key(self) -> Sequence[str]:
        key = self.spec.key or self.rows.primary_key()
        if not key:
            raise QueryError(
                f"{self.label}: the table has no primary key; write the columns that make a row "
                "unique as the `key` of `incremental`"
            )
        return key

    def _known(self, now: datetime) -> IncrementalMeta | None:
        """The words of the snapshot before, unless it is time to read all rows."""
        source = self.before.meta.source if self.before else None
        known = source.incremental if source else None
        if known is None:
            return None
        age = now.timestamp() - known.full_at
        return known if 0 <= age < duration(self.spec.full_every).total_seconds() else None

    def _greatest(self, file: Path) -> object:
        greatest = pl.scan_parquet(file, glob=False).select(pl.col(self.spec.column).max())
        return greatest.collect(engine="streaming").item()

    def _later(self, watermark: str, changed: Path, begun: datetime) -> str:
        now = noted(self._greatest(changed), begun)
        if now is None:
            return watermark
        dtype = pl.read_parquet_schema(changed)[self.spec.column]
        return max(watermark, now, key=lambda text: read(text, dtype))

    def _check(self, file: Path, key: Sequence[str]) -> None:
        """Raises an error where a key stands in two rows, or a row has none."""
        columns = pl.read_parquet_schema(file)
        if self.spec.column not in columns or self._greatest(file) is not None:
            checked(columns, self.spec.column, self.label)
        for name in key:
            if name not in columns:
                wrong = no_column(name, list(columns), "incremental.key")
                raise QueryError(f"{self.label}: {wrong}")
        columns_sql = ", ".join(map(name_sql, key))
        none = " or ".join(f"{name_sql(name)} is null" for name in key)
        with connected(file.parent, file) as connection:
            rows = parquet_sql(file)
            missing = connection.sql(f"select 1 from {rows} where {none} limit 1").fetchall()  # noqa: S608
            twice = connection.sql(
                f"select 1 from {rows} group by {columns_sql} having count(*) > 1 limit 1"  # noqa: S608
            ).fetchall()
        named = " and ".join(map(repr, key))
        if missing or twice:
            why = "has no value in some row" if missing else "has one value in several rows"
            raise QueryError(
                f"{self.label}: the key {named} of `incremental` {why}; name the columns that make "
                "a row unique"
            )


def _merge(before: Snapshot, changed: Path, key: Sequence[str], into: Path, *, news: bool) -> bool:
    """Writes the rows of both to `into`, or links it to those before if there are no `news`.

    False, and nothing done, if their columns differ.
    """
    rows = pl.scan_parquet(changed, glob=False)
    merged = _merged(before.scan(), rows, key)
    if merged is None:
        return False
    if not news and before.scan().collect_schema() == rows.collect_schema():
        former = before.scan().join(rows.select(key), on=list(key), how="semi")
        if _has_all(former, changed):
            with contextlib.suppress(OSError):  # a disk without links
                into.hardlink_to(before.path)
                return True
    _sink(merged, into)
    return True


def _has_all(former: pl.LazyFrame, changed: Path) -> bool:
    """Whether each row that was read again is as it was."""
    known = changed.with_name(_FORMER)
    _sink(former, known)
    try:
        with connected(changed.parent, changed, known) as connection:
            query = f"from {parquet_sql(changed)} except from {parquet_sql(known)} limit 1"
            return not connection.sql(query).fetchall()
    finally:
        known.unlink()


def _merged(before: pl.LazyFrame, changed: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame | None:
    """The rows of both, a changed one in place of its former self; None if they differ."""
    schema, other = before.collect_schema(), changed.collect_schema()
    if list(schema) != list(other):
        return None
    types = {name: _both(schema[name], other[name]) for name in schema}
    if any(dtype is None for dtype in types.values()):
        return None
    casts = [pl.col(name).cast(dtype) for name, dtype in types.items() if dtype is not None]
    before, changed = before.with_columns(casts), changed.with_columns(casts)
    kept = before.join(changed.select(key), on=list(key), how="anti")
    return pl.concat([kept, changed])


def _sink(rows: pl.LazyFrame, into: Path) -> None:
    rows.sink_parquet(into, compression="lz4", row_group_size=ROW_GROUP, statistics=False)


def _both(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    """The type that holds the values of both; decimals may have gained places."""
    if isinstance(one, pl.Decimal) and isinstance(other, pl.Decimal):
        return max(one, other, key=lambda each: each.scale)
    return one if one == other else None
