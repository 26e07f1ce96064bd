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

from ct_assets.delivery import batch_numbers
from ct_assets.delivery.batch_numbers import side_by_side
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import field_marks
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender.batch import CLOSING, OPENING, Batch
from ct_assets.delivery.state import field_bitmap, state_database
from ct_assets.delivery.state.scratch_tables import DIFF, NUMBERED, OUTGOING, REMOVALS, VALID
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.delivery.state.witness import MEANT_SINCE
from ct_assets.files import replacing
from ct_assets.sql import literal, parquet_sql

MAX_SORTED_AT_ONCE = 1_500_000
"""More rows than this are joined first and sorted later, which takes half as much CPU again."""

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
    records = OUTGOING.typed(_records(request, diff, ordered=side_by_side(request, diff)))
    order = "" if side_by_side(request, diff) else "order by batch, position"
    if request.policy.narrows and diff.going > batch_numbers.MAX_SORTED:
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
    at_once = batch_numbers.MAX_SORTED
    for first in range(0, sum(diff.fates.values()), at_once):
        part = f"d.row >= {first} and d.row < {first + at_once}"
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
