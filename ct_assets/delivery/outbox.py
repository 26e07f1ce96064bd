"""The records of one delivery, in the order and the batches in which they leave.

`outbox.parquet` is written once and never changed; its metadata name the delivery.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.clevertap.contract import MAX_RECORDS
from ct_assets.delivery import words
from ct_assets.delivery.diff import GOING, Diff
from ct_assets.delivery.lanes import lane_count
from ct_assets.delivery.request import Delivery
from ct_assets.delivery.state import scalar
from ct_assets.delivery.storage import OUTBOX, literal
from ct_assets.delivery.work import Batch
from ct_assets.files import replacing

MAX_BYTES = 4_000_000
"""Of a batch, but for its last record. CleverTap names no limit; others met trouble above 5 MB."""

READ_BYTES = 16_000_000
"""Of records read at once."""


_REMOVALS = """
    select
        batch::uinteger as batch, position::uinteger as position, null::utinyint as lane, action,
        kind, key, null::ubigint as person, null::ubigint as fingerprint, record, fields,
        null::varchar[] as replaces
    from work.removals
"""


@dataclass(frozen=True)
class Origin:
    """What settling needs to know of the delivery that wrote the outbox."""

    delivery: int
    run: str
    declaration: str
    partition: str | None


def write(
    connection: duckdb.DuckDBPyConnection, request: Delivery, diff: Diff, delivery: int
) -> None:
    """From `work.diff`, and from `work.removed`, whose rows leave after all others."""
    metadata: Mapping[str, str] = {
        "delivery": str(delivery),
        "run": request.run,
        "declaration": request.policy.declaration,
        "partition": request.partition or "",
    }
    pairs = ", ".join(f"{name}: {literal(value)}" for name, value in metadata.items())
    with replacing(request.home / OUTBOX) as partial:
        connection.execute(
            f"""
            copy ({_records(request, diff)} union all by name {_REMOVALS}
                  order by batch, position)
            to {literal(str(partial))} (
                format parquet, compression snappy, kv_metadata {{{pairs}}},
                row_group_size {_row_group(connection)}
            )
            """
        )


def origin(outbox: Path) -> Origin:
    found = pl.read_parquet_metadata(outbox)
    return Origin(
        int(found["delivery"]), found["run"], found["declaration"], found["partition"] or None
    )


def batches(outbox: Path, *, deletions: bool = False) -> Iterator[Batch]:
    """Uploads, or calls of the delete endpoint; in order, a few megabytes in memory."""
    frame = pl.scan_parquet(outbox)
    table = (
        frame.with_row_index("at")
        .group_by("batch")
        .agg(
            pl.col("at").min(),
            pl.len().alias("rows"),
            pl.col("record").str.len_bytes().sum().alias("bytes"),
            (pl.col("action").first() == "delete").alias("deletion"),
        )
        .filter(pl.col("deletion") == deletions)
        .sort("batch")
        .with_columns((pl.col("bytes").cum_sum() // READ_BYTES).alias("read"))
        .group_by("read", maintain_order=True)
        .agg(pl.col("at").min(), pl.col("rows").sum())
        .collect(engine="streaming")
    )
    for _, at, rows in table.iter_rows():
        yield from _joined(frame.slice(at, rows))


def _joined(records: pl.LazyFrame) -> Iterator[Batch]:
    joined = (
        records.group_by("batch", maintain_order=True)
        .agg(pl.col("lane").first(), pl.len().alias("rows"), pl.col("record").str.join(","))
        .collect()
    )
    for number, lane, rows, text in joined.iter_rows():
        yield Batch(number, lane, rows, b'{"d":[' + text.encode() + b"]}")


def number(connection: duckdb.DuckDBPyConnection, request: Delivery, diff: Diff) -> None:
    """Fills `work.numbered`: batch, position and lane of each row that goes."""
    largest = f"select max(bytes) from work.diff where fate in {GOING}"
    if scalar(connection, largest) * MAX_RECORDS <= MAX_BYTES:
        cut = "0"
    else:
        cut = f"(sum(bytes) over (partition by lane, block order by seq) - bytes) // {MAX_BYTES}"
    events = request.policy.object == "event"
    lane = f"lane_hash % {lane_count(diff.going)}" if events else "0"
    order = "ts nulls last, row" if events else "row"
    connection.execute(
        f"""
        create or replace table work.numbered as
        with sequenced as (
            select row, bytes, {lane} as lane,
                row_number() over (partition by {lane} order by {order}) - 1 as seq
            from work.diff where fate in {GOING}
        ), blocks as (select *, seq // {MAX_RECORDS} as block from sequenced
        ), parts as (select *, {cut} as cut from blocks
        ), starts as (
            select lane, block, cut, min(seq) as first,
                row_number() over (order by block, cut, lane) - 1 as batch
            from parts group by lane, block, cut
        )
        select row, batch, seq - first as position, {"lane" if events else "null::bigint"} as lane
        from parts join starts using (lane, block, cut)
        """
    )


def _records(request: Delivery, diff: Diff) -> str:
    held, cleared = _fields(request, diff)
    return f"""
        select
            n.batch::uinteger as batch, n.position::uinteger as position,
            n.lane::utinyint as lane, 'upsert' as action, v.kind, v.key,
            d.lane_hash as person, d.fingerprint, {cleared} as record, {held} as fields, d.replaces
        from work.valid as v
        join work.numbered as n on n.row = v.row
        join work.diff as d on d.row = v.row
    """


def _fields(request: Delivery, diff: Diff) -> tuple[str, str]:
    """SQL of the fields that CleverTap holds once the row is acked, and of the record that leaves.

    A field to be cleared is cleared only where an earlier delivery set it.
    """
    if request.policy.object == "event":
        return "null::ubigint[]", "v.record"
    before = words.stored("d.fields", words.count(diff.positions))
    after = words.zip_with("|", before, words.stored("v.present", words.count(diff.positions)))
    if not diff.clearable:
        return words.as_list(after), "v.record"
    asked = words.listed("v.clear", diff.clearable, diff.positions)
    cleared = words.zip_with("&", asked, before)
    text = words.deletions(cleared, diff.clearable, diff.positions)
    record = f"""case when v.clear is null or not {words.some(cleared)} then v.record
        else left(v.record, -2) || if(suffix(v.record, '{{}}}}'), '', ',') || {text} || '}}}}'
        end"""
    return words.as_list(words.without(after, cleared)), record


def _row_group(connection: duckdb.DuckDBPyConnection) -> int:
    """Rows whose records come to about what is read at once."""
    mean = scalar(connection, f"select avg(bytes) from work.diff where fate in {GOING}")
    return max(2048, min(61_440, READ_BYTES // max(mean, 1)))


def exists(home: Path) -> bool:
    return (home / OUTBOX).exists()
