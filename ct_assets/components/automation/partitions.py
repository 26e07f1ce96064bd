"""Divides the rows of an event sync by time, and knows which partitions still have rows to send.

Two counts of rows by partition are kept: of the last split, beside the staged source, and of the
deliveries, for each destination beside its state.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import dagster as dg
import polars as pl

from ct_assets.clevertap.destination import DestinationError
from ct_assets.clevertap.fields import FieldType
from ct_assets.components.automation.delivered_rows import delivered_rows
from ct_assets.io_managers.resources.destinations import known, name_of
from ct_assets.mapping import Sync
from ct_assets.mapping.convert import Target, convert, prepare
from ct_assets.mapping.declaration.sync_parts import Partition
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import Draft, Snapshot, Staging

FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m-01"}
TWO = {"day": timedelta(days=2.5), "month": timedelta(days=75)}
"""Time for two whole periods, however long they are, and never for three."""
_AT = "__at"


def definition(sync: Sync) -> dg.TimeWindowPartitionsDefinition | None:
    """The partitions of a sync, that of the current period included."""
    partition = sync.partition
    if partition is None:
        return None
    start, timezone = partition.start.isoformat(), partition.timezone
    if partition.every == "day":
        return dg.DailyPartitionsDefinition(start, timezone=timezone, end_offset=1)
    return dg.MonthlyPartitionsDefinition(start, timezone=timezone, end_offset=1)


def within(
    source: pl.LazyFrame, partition: Partition, start: datetime, end: datetime
) -> pl.LazyFrame:
    """Rows of the window; those with no readable time go with the first one, to be rejected."""
    at = pl.col(_AT)
    inside = (at >= int(start.timestamp())) & (at < int(end.timestamp()))
    if start.date() <= partition.start:
        inside = inside | at.is_null()
    columns = source.collect_schema().names()
    return _dated(source, partition).filter(inside).select(columns)


def row_counts(source: pl.LazyFrame, partition: Partition) -> Mapping[str, int]:
    """Rows of the whole source by the key of their partition."""
    local = pl.from_epoch(_AT, time_unit="s").dt.replace_time_zone("UTC")
    key = local.dt.convert_time_zone(partition.timezone).dt.strftime(FORMATS[partition.every])
    counted = _dated(source, partition).group_by(key.alias("key")).len().drop_nulls("key")
    return dict(counted.sort("key").collect(engine="streaming").iter_rows())


def take_stock(
    sync: Sync, source: pl.LazyFrame, staging: Staging, valid: Draft, keys: Collection[str]
) -> Mapping[str, int]:
    """Stores the count of rows of every partition; that of `keys` in `valid`, too, for `delivered`.

    Returns the rows, by partition, that came after their delivery, or whose partition lies between
    delivered ones and was not delivered.
    """
    if sync.partition is None:
        return {}
    rows, done = row_counts(source, sync.partition), _delivered(sync)
    own = {key: rows.get(key, 0) for key in keys}
    valid.meta = replace(valid.meta, partition_rows=own)
    with staging.draft(_seen(sync)) as draft:
        draft.sink(pl.LazyFrame({"key": list(rows), "rows": list(rows.values())}))
        draft.meta = SnapshotMeta(partition_rows=rows)
        staging.publish(draft)
    if not done:
        return {}
    first, last = min(done), max([*done, *keys])
    return {k: n for k, n in _beyond(rows, done).items() if first <= k <= last and k not in keys}


def waiting(sync: Sync, staging: Staging) -> Mapping[str, int]:
    """Rows by partition that the last split saw and no delivery has covered yet."""
    return _beyond(staging.meta(_seen(sync)).partition_rows, _delivered(sync))


def delivered(sync: Sync, staging: Staging, destination: str, valid: Snapshot) -> None:
    """Stores that the partitions of `valid` were delivered; runs may do so at the same time."""
    rows, split = valid.meta.partition_rows, valid.meta.split
    if not rows or split is None or split.declaration != sync.digest:
        return
    seen = staging.meta(_seen(sync)).partition_rows
    delivered_rows(destination, sync.name, _meaning(sync)).add(rows, seen)


def _beyond(rows: Mapping[str, int], done: Mapping[str, int]) -> dict[str, int]:
    return {key: n - done.get(key, 0) for key, n in rows.items() if n > done.get(key, 0)}


def _seen(sync: Sync) -> tuple[str, str]:
    return sync.name, "partitions"


def _delivered(sync: Sync) -> Mapping[str, int]:
    """Rows by partition delivered to the current destination; none if its settings are wrong.

    A run tells those mistakes.
    """
    try:
        destination = name_of(known(sync))
    except DestinationError:
        return {}
    return delivered_rows(destination, sync.name, _meaning(sync)).read()


def _meaning(sync: Sync) -> str:
    """A text that changes when a partition may have other rows; an earlier `start` only adds."""
    part = sync.partition
    return f"{sync.digest} {part.by} {part.every} {part.timezone}" if part else sync.digest


def _dated(source: pl.LazyFrame, partition: Partition) -> pl.LazyFrame:
    """Adds the epoch second of every row, read as the time of an event is."""
    target = Target("ts", FieldType.TIMESTAMP, object="event", timezone=partition.timezone)
    read = convert(pl.col(partition.by), source.collect_schema()[partition.by], target)
    return prepare(source, [read]).with_columns(read.value.cast(pl.Int64).alias(_AT))
