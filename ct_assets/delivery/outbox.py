"""The outbox holds the records of one delivery, in the order and batches in which they leave.

`outbox.parquet` is written once and never changed; its metadata name the delivery.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import field_marks
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender.batch import CLOSING, OPENING, Batch
from ct_assets.delivery.sender.lanes import lane_count
from ct_assets.delivery.state import field_bitmap, state_database
from ct_assets.delivery.state.scratch_tables import DIFF, NUMBERED, OUTGOING, REMOVALS, VALID
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.delivery.state.witness import MEANT_SINCE
from ct_assets.files import replacing
from ct_assets.sql import literal, parquet_sql

MAX_BYTES = 4_000_000
"""Size of a batch without its last record. CleverTap names no limit; others failed above 5 MB."""

MAX_SORTED = 200_000
"""Up to so many profiles are sorted by batch; more leave in the order of the snapshot."""

MAX_SORTED_AT_ONCE = 1_500_000
"""More rows than this are joined first and sorted later, which takes half as much CPU again."""

WHOLE = 1 << 40
"""More rows than a list of five gigabytes has."""

READ_BYTES = 8_000_000
"""Bytes of records that are read at once."""


_REMOVED = f"""
    select
        batch, position, null as lane, action, kind, key, null as person, null as fingerprint,
        record, strlen(record) as bytes, fields, null as replaces, null as also,
        null as marks
    from (from {REMOVALS} order by batch, position)
"""


@dataclass(frozen=True)
class OutboxOrigin:
    """The delivery that wrote the outbox, as its settlement needs it."""

    delivery: int
    run: str
    declaration: str
    partition: str | None
    state_id: str | None = None
    """None in an outbox of version 0.1, as is `at`."""
    at: str | None = None
    """When the delivery began, in ISO format."""


def write(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff, delivery: int
) -> None:
    """Writes the rows of `NUMBERED`, and those of `REMOVALS`, which leave after all others."""
    connection.execute(field_marks.TABLE)
    records = OUTGOING.typed(_records(request, diff, ordered=_side_by_side(request, diff)))
    order = "" if _side_by_side(request, diff) else "order by batch, position"
    if request.policy.narrows and diff.going > MAX_SORTED:
        _narrow_in_parts(connection, request, diff)
        records = f"from {OUTGOING}"
    elif order and diff.going > MAX_SORTED_AT_ONCE:
        # On the disk between joining and sorting, which together would not keep to their memory.
        OUTGOING.create(connection, records)
        records = f"from {OUTGOING}"
    connection.execute("set preserve_insertion_order = true")
    with replacing(request.home / OUTBOX) as partial:
        connection.execute(
            f"""
            copy (
                {records} union all {OUTGOING.typed(_REMOVED)} {order}
            ) to {literal(str(partial))} (
                format parquet, compression lz4, dictionary_size_limit 1,
                row_group_size {_row_group(connection)},
                kv_metadata {_metadata(connection, request, delivery)}
            )
            """
        )
    connection.execute("set preserve_insertion_order = false")


def _narrow_in_parts(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff
) -> None:
    """Fills `OUTGOING`, joining so many rows at once that what they are joined with has room."""
    OUTGOING.create(connection)
    for first in range(0, sum(diff.fates.values()), MAX_SORTED):
        part = f"d.row >= {first} and d.row < {first + MAX_SORTED}"
        records = OUTGOING.typed(_records(request, diff, ordered=False, part=part))
        connection.execute(f"insert into {OUTGOING} {records}")


def leaving(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff) -> str:
    """SQL of what `write` would write, in any order."""
    connection.execute(field_marks.TABLE)
    records = OUTGOING.typed(_records(request, diff, ordered=False))
    return f"{records} union all {OUTGOING.typed(_REMOVED)}"


def _metadata(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, delivery: int
) -> str:
    """SQL of all that `origin` and `undeclared` read."""
    metadata: Mapping[str, str] = {
        "delivery": str(delivery),
        "state_id": state_database.get(connection, "id") or "",
        "home": f"{request.home.parent.name}/{request.home.name}",
        "run": request.run,
        "at": request.at.isoformat(),
        "declaration": request.policy.declaration,
        "partition": request.partition or "",
        "object": request.policy.object,
        "on_unknown": request.policy.on_unknown,
        "idempotent": str(request.policy.idempotent),
        MEANT_SINCE: state_database.get(connection, MEANT_SINCE) or "",
    }
    return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in metadata.items())}}}"


def origin(outbox: Path) -> OutboxOrigin:
    facts = pl.read_parquet_metadata(outbox)
    return OutboxOrigin(
        delivery=int(facts["delivery"]),
        run=facts["run"],
        declaration=facts["declaration"],
        partition=facts["partition"] or None,
        state_id=facts.get("state_id"),
        at=facts.get("at"),
    )


def batches(outbox: Path, *, deletions: bool = False) -> Iterator[Batch]:
    """Reads the batches of uploads, or of deletions, in order; a few megabytes are in memory.

    The next ones are read while those before are taken, so nobody waits for the disk.
    """
    frame = pl.scan_parquet(outbox, glob=False)
    table = (
        frame.with_row_index("at")
        .group_by("batch")
        .agg(
            pl.col("at").min(),
            pl.col("lane").first(),
            pl.len().alias("rows"),
            pl.col("bytes").sum(),
            (pl.col("action").first() == "delete").alias("deletion"),
        )
        .filter(pl.col("deletion") == deletions)
        .sort("batch")
        .with_columns((pl.col("bytes").cum_sum() // READ_BYTES).alias("read"))
        .group_by("read", maintain_order=True)
        .agg(pl.col("at").min(), pl.struct("batch", "lane", "rows"))
        .collect(engine="streaming")
    )
    records = frame.select(pl.col("record").cast(pl.Binary))
    with ThreadPoolExecutor(1, thread_name_prefix="outbox") as reader:
        next_ones: Future[list[Batch]] | None = None
        for _, at, heads in table.iter_rows():
            before, next_ones = next_ones, reader.submit(_joined, records, at, heads)
            yield from before.result() if before else ()
        yield from next_ones.result() if next_ones else ()


def _joined(records: pl.LazyFrame, at: int, heads: Sequence[Mapping[str, int]]) -> list[Batch]:
    """The batches whose records begin at that place; `heads` say all but what is in them."""
    column = records.slice(at, sum(head["rows"] for head in heads)).collect().to_series()
    joined, first = [], 0
    for head in heads:
        texts = column.slice(first, head["rows"]).to_list()
        body = b"".join((OPENING, b",".join(texts), CLOSING))
        joined.append(Batch(head["batch"], head["lane"], head["rows"], body))
        first += head["rows"]
    return joined


def number(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff) -> None:
    """Fills `NUMBERED` from `DIFF`: batch, position and lane of each row that goes.

    It has all rows, in the order of the snapshot, where the two are read side by side.
    """
    largest = scalar(connection, f"select max(bytes) from {DIFF} where fate in {GOING}")
    whole = request.policy.object == "segment"  # a list leaves as one file
    size = WHOLE if whole else request.policy.records_a_call
    small = whole or largest * size <= MAX_BYTES
    events, ordered = request.policy.object == "event", _side_by_side(request, diff)
    all_go = not events and diff.going == sum(diff.fates.values())
    connection.execute(f"set preserve_insertion_order = {ordered}")
    lane = f"lane_hash % {lane_count(diff.going)}" if events else "null::ubigint"
    order = "ts nulls last, row" if events else "row"
    seq = f"row_number() over (partition by fate in {GOING}, {lane} order by {order}) - 1"
    if all_go:
        seq = "row"  # millions need not be sorted for that
    sequenced = f"""
        select * exclude (fate, ts), {lane} as lane, fate in {GOING} as going, {seq} as seq
        from {DIFF} {"" if ordered else f"where fate in {GOING}"}
    """
    if small and not events:
        numbered = f"""
            select *, if(going, seq // {size}, null) as batch,
                if(going, seq % {size}, null) as position
            from ({sequenced})
        """
    else:
        numbered = _in_batches(sequenced, size, small=small)
    if all_go and small and (diff.in_order or not ordered):
        NUMBERED.create_view(connection, numbered)
    else:
        NUMBERED.create(connection, numbered, order="order by row" if ordered else "")
    connection.execute("set preserve_insertion_order = false")


def _side_by_side(request: DeliveryRequest, diff: Diff) -> bool:
    """Whether profiles leave in the order of the snapshot: many, so that none must be sorted."""
    narrows = request.policy.narrows  # which joins, and so keeps no order
    return request.policy.object != "event" and diff.going > MAX_SORTED and not narrows


def _in_batches(sequenced: str, records: int, *, small: bool) -> str:
    """SQL that cuts lanes into batches, numbered in turn: each lane's first, its second ..."""
    size = "sum(bytes) over (partition by going, lane, block order by seq) - bytes"
    return f"""
        with blocks as (select *, seq // {records} as block from ({sequenced})
        ), parts as (select *, {"0" if small else f"({size}) // {MAX_BYTES}"} as cut from blocks
        ), starts as (
            select lane, block, cut, min(seq) as first,
                row_number() over (order by block, cut, lane) - 1 as batch
            from parts where going group by lane, block, cut
        )
        select p.*, s.batch, p.seq - s.first as position
        from parts as p left join starts as s
            on p.going and s.lane is not distinct from p.lane
            and s.block = p.block and s.cut = p.cut
    """


def _records(request: DeliveryRequest, diff: Diff, *, ordered: bool, part: str = "true") -> str:
    """SQL of the records that leave; `part` is a condition on `d`, of those that are narrowed."""
    held, record = _fields(request, diff)
    source, marks = f"{VALID} as v join {NUMBERED} as n on n.row = v.row", "null"
    if request.policy.narrows:
        narrowed = field_marks.narrowed(request, diff.positions, part)
        source, marks = f"{narrowed} as v join {NUMBERED} as n on n.row = v.row", "v.marks"
    if ordered:
        source = f"{VALID} as v positional join {NUMBERED} as n"
        record = f"if(v.row = n.row, {record}, error('the snapshot changed while it was read'))"
    return f"""
        select
            n.batch, n.position, n.lane, 'upsert' as action, v.kind, v.key,
            n.lane_hash as person, n.fingerprint, {record} as record, n.bytes,
            {held} as fields, n.replaces, n.also, {marks} as marks
        from {source} where n.batch is not null
    """


def _fields(request: DeliveryRequest, diff: Diff) -> tuple[str, str]:
    """SQL of the fields that CleverTap holds once the row is acked, and of the record that leaves.

    A field to be cleared is cleared only where an earlier delivery set it.
    """
    if request.policy.object != "profile":
        return "null::ubigint[]", "v.record"
    before = field_bitmap.stored("n.fields", field_bitmap.count(diff.positions))
    after = field_bitmap.zip_with(
        "|", before, field_bitmap.stored("v.present", field_bitmap.count(diff.positions))
    )
    if not diff.clearable:
        return field_bitmap.as_list(after), "v.record"
    asked = field_bitmap.listed("v.clear", diff.clearable, diff.positions)
    cleared = field_bitmap.zip_with("&", asked, before)
    text = field_bitmap.deletions(cleared, diff.clearable, diff.positions)
    record = f"""case when v.clear is null or not {field_bitmap.some(cleared)} then v.record
        else left(v.record, -2) || if(suffix(v.record, '{{}}}}'), '', ',') || {text} || '}}}}'
        end"""
    return field_bitmap.as_list(field_bitmap.without(after, cleared)), record


def _row_group(connection: duckdb.DuckDBPyConnection) -> int:
    """Rows of a row group: a fraction of `READ_BYTES`, since a group is decoded as a whole."""
    mean = scalar(connection, f"select avg(bytes) from {DIFF} where fate in {GOING}")
    return max(2048, min(20_480, READ_BYTES // 4 // max(mean, 1)))


def rows(outbox: Path) -> str:
    """SQL of the records; an outbox of an older version lacks the column `also`."""
    added = "select null::ubigint[] as also, null::uinteger[] as marks where false"
    return f"(from {parquet_sql(outbox)} union all by name {added})"


def exists(home: Path) -> bool:
    return (home / OUTBOX).exists()
