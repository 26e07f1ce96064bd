"""Removals clear or delete profiles that were acknowledged once and left the source."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from dataclasses import dataclass

import duckdb

from ct_assets.clevertap.contract import DELETABLE, MAX_DELETES, MAX_RECORDS
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import aliases, membership
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.scratch_tables import GONE, NUMBERED, REMOVALS
from ct_assets.delivery.state.state_database import scalar
from ct_assets.sql import parquet_sql


@dataclass(frozen=True)
class RemovalPlan:
    rows: int = 0
    planned: int = 0
    note: str | None = None
    """Why removed rows are left alone, where they are."""


def find_removals(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    diff: Diff,
    *,
    count_kept: bool = False,
) -> RemovalPlan:
    """Fills `REMOVALS` as `on_removed` says; `count_kept` counts rows for `keep`, too."""
    REMOVALS.create(connection)
    if request.policy.object == "segment":
        return _leavers(connection, diff)
    action = request.policy.on_removed
    if request.policy.object != "profile" or (action == "keep" and not count_kept):
        return RemovalPlan()
    if note := _unsure(connection, request):
        return RemovalPlan(note=None if action == "keep" else note)
    keys = parquet_sql(request.keys) if request.keys else ""
    GONE.create(connection, _gone(keys))
    aliases.leave_alone(connection, keys)
    rows = scalar(connection, f"select count(*) from {GONE}")
    if action == "keep":
        return RemovalPlan(rows)
    REMOVALS.create(connection, _removals(diff, action))
    planned = scalar(connection, f"select count(*) from {REMOVALS}")
    return RemovalPlan(rows, planned, _left(rows - planned, action))


def _leavers(connection: duckdb.DuckDBPyConnection, diff: Diff) -> RemovalPlan:
    """Members of the list before who are not in that of today, which leaves as one batch."""
    going = diff.going
    REMOVALS.create(
        connection,
        f"""
        select kind, key, null as fields, 'leave' as action, '' as record, 0 as batch,
            {going} + row_number() over (order by kind, key) - 1 as position
        from ({membership.LEAVERS})
        """,
    )
    leaving = scalar(connection, f"select count(*) from {REMOVALS}")
    if not going and not leaving:
        return RemovalPlan()
    joining = diff.fates.get("new", 0)
    note = f"the list goes whole, with {going:,} members: {joining:,} join it, {leaving:,} leave it"
    return RemovalPlan(leaving, leaving, note)


def _unsure(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> str | None:
    if request.keys is None:
        return "removed rows are left alone: the keys of the source are not known"
    if request.partition is not None:
        return "removed rows are left alone: a partition is not the whole source"
    if request.limit is not None:
        return "removed rows are left alone in a run with a limit"
    source = parquet_sql(request.keys)
    unread = scalar(connection, f"select count(*) from {source} where _key is null")
    if unread:
        have = "row of the source has" if unread == 1 else "rows of the source have"
        return (
            f"removed rows are left alone: {unread:,} {have} no readable key, and may be one of "
            "the removed"
        )
    return None


def _gone(keys: str) -> str:
    return f"""
        select s.kind, s.key, s.fields, s.also from synced as s
        anti join (select _kind as kind, _key as key from {keys}) as k using (kind, key)
        anti join (
            select unnest(_also) as other from {keys} where _also is not null
        ) as o on o.other = s.kind || ':' || s.key
        where s.delivery is not null
    """


def _able(action: str, diff: Diff) -> str:
    if action == "delete":
        return f"kind in {DELETABLE}"
    return field_bitmap.some(field_bitmap.stored("fields", field_bitmap.count(diff.positions)))


def _left(rows: int, action: str) -> str | None:
    if not rows:
        return None
    if action == "delete":
        return f"{rows} removed rows stay: CleverTap deletes by identity or objectId only"
    return f"{rows} removed rows stay as they are: no field of theirs was ever sent"


def _removals(diff: Diff, action: str) -> str:
    size = MAX_DELETES if action == "delete" else MAX_RECORDS
    if action == "delete":
        record = "json_object(if(kind = 'identity', 'identity', 'guid'), key)::varchar"
    else:
        held = field_bitmap.stored("fields", field_bitmap.count(diff.positions))
        deletions = field_bitmap.deletions(held, tuple(diff.positions), diff.positions)
        record = f"""'{{"type":"profile",' || to_json(kind) || ':' || to_json(key)
            || ',"profileData":{{' || {deletions} || '}}}}'"""
    return f"""
        with gone as (from {GONE} where {_able(action, diff)}), numbered as (
            select *, row_number() over (partition by kind order by key) - 1 as n from gone
        )
        select
            kind, key, fields, '{action}' as action, {record} as record, n % {size} as position,
            coalesce((select max(batch) from {NUMBERED}), -1)
                + dense_rank() over (order by kind, n // {size}) as batch
        from numbered
    """
