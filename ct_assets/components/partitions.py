"""Time partitions of an event sync: which rows are whose, and which came late."""

from collections.abc import Mapping
from datetime import datetime

import dagster as dg
import polars as pl

from ct_assets.clevertap.contract import FieldType
from ct_assets.io_managers.staging import Staging
from ct_assets.mapping import Sync
from ct_assets.mapping.convert import Target, convert, prepare
from ct_assets.mapping.declaration import Partition

FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m-01"}
_AT = "__at"


def definition(sync: Sync) -> dg.TimeWindowPartitionsDefinition | None:
    """The period that is under way has its partition, too."""
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
    mine = (at >= int(start.timestamp())) & (at < int(end.timestamp()))
    if start.date() <= partition.start:
        mine = mine | at.is_null()
    columns = source.collect_schema().names()
    return _dated(source, partition).filter(mine).select(columns)


def row_counts(source: pl.LazyFrame, partition: Partition) -> Mapping[str, int]:
    """Rows of the whole source by the key of their partition."""
    local = pl.from_epoch(_AT, time_unit="s").dt.replace_time_zone("UTC")
    key = local.dt.convert_time_zone(partition.timezone).dt.strftime(FORMATS[partition.every])
    counted = _dated(source, partition).group_by(key.alias("key")).len().drop_nulls("key")
    return dict(counted.sort("key").collect(engine="streaming").iter_rows())


def late(sync: Sync, source: pl.LazyFrame, staging: Staging, done: list[str]) -> Mapping[str, int]:
    """Rows that came to partitions after their last run; those `done` now are up to date."""
    if sync.partition is None:
        return {}
    now, before = row_counts(source, sync.partition), remembered(sync, staging, "rows")
    kept = {**before, **{key: now.get(key, 0) for key in done}}
    found = {key: now.get(key, 0) - kept[key] for key in kept if now.get(key, 0) > kept[key]}
    with staging.draft((sync.name, "partitions")) as draft:
        draft.sink(pl.LazyFrame({"key": list(kept), "rows": list(kept.values())}))
        draft.meta |= {"rows": kept, "late": found}
        staging.publish(draft)
    return found


def remembered(sync: Sync, staging: Staging, what: str) -> dict[str, int]:
    return dict(staging.meta((sync.name, "partitions")).get(what, {}))


def _dated(source: pl.LazyFrame, partition: Partition) -> pl.LazyFrame:
    """With the epoch second of every row, as an event's time would be read."""
    target = Target("ts", FieldType.TIMESTAMP, object="event", timezone=partition.timezone)
    read = convert(pl.col(partition.by), source.collect_schema()[partition.by], target)
    return prepare(source, [read]).with_columns(read.value.alias(_AT))
