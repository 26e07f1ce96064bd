"""PartitionChoice says which partitions a run sends: those that are due, some by name, or all."""

from datetime import datetime

import dagster as dg
import polars as pl

from ct_assets.components.automation import partitions
from ct_assets.errors import UserError
from ct_assets.mapping import Sync
from ct_assets.staging import RANGE, Staging


def due(sync: Sync, staging: Staging, now: datetime) -> dg.PartitionKeyRange | None:
    """The current period, the one before, and all back to waiting rows; None without partitions.

    Raises:
        UserError: The first period has not begun.
    """
    parts = partitions.definition(sync)
    if parts is None:
        return None
    keys = _known(sync, parts, now)
    waiting = partitions.waiting(sync, staging)
    return dg.PartitionKeyRange(min([*keys[-2:], *waiting.keys() & set(keys)]), keys[-1])


def chosen(
    sync: Sync, staging: Staging, now: datetime, wanted: str | None, *, every: bool
) -> dg.PartitionKeyRange | None:
    """Those of a person's choice, or else those that are due.

    Raises:
        UserError: There are none such; `wanted` is a key, or FIRST...LAST.
    """
    if wanted is None and not every:
        return due(sync, staging, now)
    parts = partitions.definition(sync)
    if parts is None:
        raise UserError(
            f"{sync.name} has no partitions: every run of it takes all rows. Leave the option out"
        )
    keys = _known(sync, parts, now)
    first, _, last = (wanted or f"{keys[0]}{RANGE}{keys[-1]}").partition(RANGE)
    last = last or first
    for key in (first, last):
        if key not in keys:
            raise UserError(
                f"{sync.name} has no partition {key!r}: they go from {keys[0]} to {keys[-1]}, by "
                f"{sync.partition.every if sync.partition else None}"
            )
    if keys.index(first) > keys.index(last):
        raise UserError(f"{wanted} goes backwards; write {last}{RANGE}{first}")
    return dg.PartitionKeyRange(first, last)


def tags(keys: dg.PartitionKeyRange | None) -> dict[str, str]:
    """The tags of a run for these partitions."""
    if keys is None:
        return {}
    return {
        "dagster/asset_partition_range_start": keys.start,
        "dagster/asset_partition_range_end": keys.end,
    }


def rows_of(sync: Sync, whole: pl.LazyFrame, keys: dg.PartitionKeyRange | None) -> pl.LazyFrame:
    parts = partitions.definition(sync)
    if keys is None or parts is None or sync.partition is None:
        return whole
    window = [parts.time_window_for_partition_key(key) for key in (keys.start, keys.end)]
    start = datetime.fromtimestamp(window[0].start.timestamp(), window[0].start.tzinfo)
    return partitions.within(whole, sync.partition, start, window[1].end)


def _known(sync: Sync, parts: dg.TimeWindowPartitionsDefinition, now: datetime) -> list[str]:
    keys = list(parts.get_partition_keys(current_time=now))
    if not keys:
        raise UserError(f"{sync.name} has nothing to send yet: its partitions start in the future")
    return keys
