"""Diff gives every valid row its fate: it leaves, CleverTap has it already, or it is held."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

import duckdb

from ct_assets.clevertap.codes import BEFORE_FROM_NOW, DISCARDED, FORGOTTEN, LIMIT, PARKED, REFUSED
from ct_assets.clevertap.verdicts import TRANSIENT_CODES
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import (
    aliases,
    field_marks,
    first_rows,
    membership,
    settled_snapshot,
    valid_rows,
)
from ct_assets.delivery.diff.existence import Existence
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.sender.profile_looks import Looking
from ct_assets.delivery.state import field_bitmap, state_database
from ct_assets.delivery.state.scratch_tables import DIFF, EARLIER_KEYS, SUPPRESSED_ROWS, VALID
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.mapping.convert.dtypes import BLANKS
from ct_assets.sql import literal, parquet_sql
from ct_assets.staging import height

SENT_UNTIL = "sent_until"
"""The name, in the state's meta, of the time up to which events count as sent after a loss."""


@dataclass(frozen=True)
class Diff:
    """`fates` counts the valid rows.

    `DIFF` has them, without those of which it is known that they are as CleverTap has them.
    """

    fates: Mapping[str, int]
    positions: Mapping[str, int]
    """The bit of each field of a profile sync in `synced.fields`."""
    clearable: tuple[str, ...]
    """Fields that some row asks to clear."""
    unlooked: int = 0
    """Profiles that a delivery would have to look for."""
    settled: bool = False
    """Whether it was known that no row has changed, so that none was compared."""
    in_order: bool = False
    """Whether `DIFF` has its rows in the order of the snapshot."""

    @property
    def going(self) -> int:
        return sum(self.fates.get(fate, 0) for fate in GOING)

    @property
    def held(self) -> dict[str, int]:
        return {k: n for k, n in sorted(self.fates.items()) if k not in (*GOING, "unchanged")}


def compare(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    looking: Looking | None = None,
) -> Diff:
    """Fills `DIFF` from the valid rows, the state and what is held.

    `looking` asks CleverTap for profiles, as the mode of a sync, or of a field, may need it.
    """
    positions = valid_rows.expose(connection, request)
    _trim_keys(connection, request)
    clearable = _clearable(connection)
    _record_first_run(connection, request)
    hidden = Suppressions(request.home.parent).mark_rows(connection)
    aliases.recall(connection, request)
    known = None if hidden else settled_snapshot.settled_file(connection, request)
    if known == request.valid:
        return _unchanged(connection, request, positions, clearable)
    left_out = _leave_out(connection, request) if known else 0
    several = aliases.find_earlier(connection, request)
    if not hidden and not several and first_rows.are_all_new(connection, request):
        first_rows.fill(connection)
        return Diff(_fates(connection, left_out), positions, clearable, in_order=True)
    query = _compared(connection, request, positions, clearable, hidden=hidden, several=several)
    DIFF.create(connection, query, empty=first_rows.empty_columns(request, several=several))
    if request.policy.object == "segment":
        membership.decide(connection, request)
    unlooked = 0
    if request.policy.looks:
        existence = Existence(connection, request, positions)
        existence.decide(looking)
        unlooked = existence.unlooked() if looking is None else 0
    if request.policy.narrows:
        field_marks.hold_empty(connection, request, positions, clearable)
    aliases.learn(connection)
    if request.limit is not None:
        connection.execute(_limited(request.limit))
    return Diff(_fates(connection, left_out), positions, clearable, unlooked)


def _leave_out(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> int:
    """Leaves in `VALID` only rows that the snapshot before lacked; gives how many are left out.

    None where a person may be known under another key, which takes all rows to see.
    """
    changed = request.changed
    if changed is None:
        return 0
    valid_rows.expose(connection, request, changed.rows)
    if aliases.are_there(connection, request):
        valid_rows.expose(connection, request)
        return 0
    return height(request.valid) - height(changed.rows)


def _fates(connection: duckdb.DuckDBPyConnection, left_out: int = 0) -> dict[str, int]:
    """Of the rows of `DIFF`, and of so many unchanged ones that it lacks."""
    counts = connection.execute(f"select fate, count(*) from {DIFF} group by fate").fetchall()
    fates: dict[str, int] = dict(counts)
    if left_out:
        fates["unchanged"] = fates.get("unchanged", 0) + left_out
    return fates


def _unchanged(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    positions: Mapping[str, int],
    clearable: tuple[str, ...],
) -> Diff:
    """Makes `DIFF` where CleverTap has every row as it is: a view, so that none is copied."""
    EARLIER_KEYS.create(connection)
    others = (f"null as {name}" for name in DIFF.columns if name not in ("row", "fate"))
    rows = parquet_sql(request.valid, numbered=True)
    query = f"select file_row_number as row, 'unchanged' as fate, {', '.join(others)} from {rows}"
    DIFF.create_view(connection, query)
    return Diff(_fates(connection), positions, clearable, settled=True)


def _trim_keys(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Once, in a state of a version that took blanks around an event's key for a part of it."""
    if request.policy.object != "event" or state_database.get(connection, "keys") is not None:
        return
    with state_database.transaction(connection):
        for table in ("synced", "held"):
            trimmed = f"trim(key, {literal(BLANKS)})"
            known = f"select min(rowid) from {table} group by kind, {trimmed}"
            connection.execute(f"delete from {table} where rowid not in ({known})")
            connection.execute(f"update {table} set key = {trimmed} where key <> {trimmed}")
        state_database.put(connection, "keys", "trimmed")


def _clearable(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    query = f"select distinct unnest(clear) as name from {VALID} where clear is not null"
    return tuple(row[0] for row in connection.execute(f"{query} order by name").fetchall())


def _record_first_run(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """With `from_now`, what is there at the first run is never sent.

    After a loss of the state, that is what happened up to the last delivery that is known.
    """
    if request.policy.object != "event" or state_database.get(connection, "first_run") is not None:
        return
    until = state_database.get(connection, SENT_UNTIL)
    with state_database.transaction(connection):
        if request.policy.first_run == "from_now":
            hold_before(connection, request, int(until) if until else None)
        moment = until or f"{request.at.timestamp():.0f}"
        state_database.put(connection, "first_run", f"{request.policy.first_run} {moment}")


def hold_before(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, until: int | None
) -> None:
    """Never sends what is in `VALID` now, has no outcome, and happened up to then (Unix time)."""
    then = "" if until is None else f"where ts is null or ts <= {until}"
    connection.execute(
        "insert into held (kind, key, reason, person, fingerprint, since, partition)"
        f" select kind, key, '{BEFORE_FROM_NOW}', {_person(request)}, md5_number_lower(record),"
        f" $1, $2 from {VALID}"
        f" anti join synced using (kind, key) anti join held using (kind, key) {then}",
        [request.at.astimezone(UTC).replace(tzinfo=None), request.partition],
    )


def _compared(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    positions: Mapping[str, int],
    clearable: tuple[str, ...],
    *,
    hidden: bool,
    several: bool,
) -> str:
    """SQL of `DIFF`; `several` says that some rows have more identifiers than their key."""
    total = field_bitmap.count(positions)
    asked = (
        field_bitmap.as_list(field_bitmap.listed("clear", clearable, positions))
        if clearable
        else "null"
    )
    before = field_bitmap.stored("coalesce(s.fields, e.fields)", total)
    clears = field_bitmap.zip_with("&", field_bitmap.stored("v.asked", total), before)
    pending = field_bitmap.some(clears) if clearable else "false"
    bore = aliases.hashed("also") if several else "null::ubigint[]"
    also = aliases.union("v.bore", "s.also", "e.also") if several else "null::ubigint[]"
    lost = "h_row.row is not null" if hidden else "false"
    return f"""
        select
            row, fate, ts, bytes, lane_hash, replaces, null as leave,
            if(fate in {GOING}, fingerprint, null) as fingerprint,
            if(fate in {GOING}, fields, null) as fields,
            case when fate in {GOING} then also when fate = 'unchanged' then nullif(also, was) end
                as also
        from (
            select
                v.row, v.ts, v.bytes, v.fingerprint, v.lane_hash, e.replaces,
                coalesce(s.fields, e.fields) as fields, s.also as was, {also} as also,
                {_fate(connection, request, pending, lost)} as fate
            from (
                -- what is joined, and may have to be spilled, has no record in it
                select row, key, kind, ts, strlen(record) as bytes, {asked} as asked,
                    md5_number_lower(record) as fingerprint, {_person(request)} as lane_hash,
                    {bore} as bore
                from {VALID}
            ) as v
            left join synced as s on s.key = v.key and s.kind = v.kind
            left join held as h on h.key = v.key and h.kind = v.kind
            left join {EARLIER_KEYS} as e on e.row = v.row
            {f"left join {SUPPRESSED_ROWS} as h_row on h_row.row = v.row" if hidden else ""}
        )
    """


def _person(request: DeliveryRequest) -> str:
    if request.policy.object != "event":
        return "null::ubigint"
    return lane_hash("lane_kind", "lane_identity")


def _fate(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, pending: str, lost: str
) -> str:
    policy = request.policy
    same = "h.fingerprint = v.fingerprint"
    if policy.object == "event":
        discarded, unchanged = "true", "s.key is not null"
    else:
        discarded = same
        synced = f"s.fingerprint = v.fingerprint and not {pending}"
        unchanged = f"({synced})" if not request.full else "false"
    transient = ", ".join(literal(str(code)) for code in TRANSIENT_CODES)
    refused = (
        f"h.reason = '{REFUSED}' and {same} and h.declaration = {literal(policy.declaration)}"
        f" and h.code not in ({transient})"
    )
    resent = request.full and policy.object != "event"
    return f"""case
        when {lost} then '{FORGOTTEN}'
        when h.reason = '{PARKED}' then '{PARKED}'
        when h.reason = '{DISCARDED}' and {discarded} then '{DISCARDED}'
        when {unchanged} then 'unchanged'
        when h.reason = '{BEFORE_FROM_NOW}' or {_before_first_run(connection, request)}
            then '{BEFORE_FROM_NOW}'
        when {"false" if resent else refused} then '{REFUSED}'
        when s.key is null and e.row is null then 'new'
        else 'changed'
    end"""


def _before_first_run(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> str:
    """SQL for partitions after the first run: events from before that run count as sent."""
    mode, _, moment = (state_database.get(connection, "first_run") or "").partition(" ")
    return f"v.ts < {moment}" if mode == "from_now" and request.partition else "false"


def _limited(limit: int) -> str:
    return f"""
        update {DIFF} set fate = '{LIMIT}' where row in (
            select row from {DIFF} where fate in {GOING}
            order by ts nulls last, row offset {limit}
        )
    """
