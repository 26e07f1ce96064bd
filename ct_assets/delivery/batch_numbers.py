"""Batch numbers say of each row that goes its batch, its place in it, and its lane."""

# ruff: noqa: S608 -- statements are put together from names and numbers of ours

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender import lanes
from ct_assets.delivery.state.scratch_tables import DIFF, LANES, NUMBERED
from ct_assets.delivery.state.state_database import scalar

MAX_BYTES = 4_000_000
"""Size of a batch without its last record. CleverTap names no limit; others failed above 5 MB."""

MAX_SORTED = 200_000
"""Up to so many profiles are sorted by batch; more leave in the order of the snapshot."""

WHOLE = 1 << 40
"""More rows than a list of five gigabytes has."""


def number(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff) -> None:
    """Fills `NUMBERED` from `DIFF`: batch, position and lane of each row that goes.

    It has all rows, in the order of the snapshot, where the two are read side by side.
    """
    largest = scalar(connection, f"select max(bytes) from {DIFF} where fate in {GOING}")
    whole = request.policy.object == "segment"  # a list leaves as one file
    size = WHOLE if whole else request.policy.records_a_call
    small = whole or largest * size <= MAX_BYTES
    events, ordered = request.policy.object == "event", side_by_side(request, diff)
    connection.execute(f"set preserve_insertion_order = {ordered}")
    all_go = not events and diff.going == sum(diff.fates.values())
    sequenced = _in_lanes(connection, size) if events else _in_turn(all_go=all_go, ordered=ordered)
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


def side_by_side(request: DeliveryRequest, diff: Diff) -> bool:
    """Whether profiles leave in the order of the snapshot: many, so that none must be sorted."""
    narrows = request.policy.narrows  # which joins, and so keeps no order
    return request.policy.object != "event" and diff.going > MAX_SORTED and not narrows


def _in_turn(*, all_go: bool, ordered: bool) -> str:
    """SQL of rows with their place among those that go: `seq`, null as `lane`."""
    seq = f"row_number() over (partition by fate in {GOING} order by row) - 1"
    if all_go:
        seq = "row"  # millions need not be sorted for that
    return f"""
        select * exclude (fate, ts), null::ubigint as lane, fate in {GOING} as going, {seq} as seq
        from {DIFF} {"" if ordered else f"where fate in {GOING}"}
    """


def _in_lanes(connection: duckdb.DuckDBPyConnection, size: int) -> str:
    """SQL of events that go, with their lane, and their place in it by time: `seq`."""
    bucket = f"lane_hash % {lanes.BUCKETS}"
    going = f"from {DIFF} where fate in {GOING}"
    counts = connection.execute(f"select {bucket}, count(*) {going} group by 1").fetchall()
    filled = lanes.filled(dict(counts), size)
    LANES.create(connection)
    connection.execute(
        f"insert into {LANES} select unnest($1::uinteger[]), unnest($2::utinyint[])",
        [list(filled), list(filled.values())],
    )
    return f"""
        select
            d.* exclude (fate, ts), l.lane, true as going,
            row_number() over (partition by l.lane order by d.ts nulls last, d.row) - 1 as seq
        from (select * {going}) as d join {LANES} as l on l.bucket = d.{bucket}
    """


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
