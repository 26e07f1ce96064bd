"""RecoveredOutcomes folds what reports and outboxes tell into a state, delivery by delivery."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import PARKED, REFUSED
from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.outbox import OutboxOrigin
from ct_assets.delivery.recovery.remains import OldOutbox, OldReport
from ct_assets.delivery.settlement import delivery_report, fold
from ct_assets.delivery.settlement.settle import load_outcomes
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.scratch_tables import KEPT, RECORD_OUTCOMES
from ct_assets.delivery.state.witness import MEANT_SINCE, OTHER
from ct_assets.sql import literal, parquet_sql

LOST = "what came of it is lost, with the state of its sync"
"""The message of a record that is parked, since nothing tells whether CleverTap has it."""

_NOT_TOLD = """
select null::varchar as _action, null::ubigint as _fingerprint, null::ubigint[] as _fields,
    null::varchar[] as _replaces, null::ubigint[] as _also where false
"""


def keep(connection: duckdb.DuckDBPyConnection) -> int:
    """Keeps the rows that are in the state by now; returns the last delivery it has."""
    KEPT.create(connection, "select kind, key from synced union select kind, key from held")
    folded = state_database.get(connection, "folded")
    newest = "select greatest((select max(delivery) from synced), (select max(delivery) from held))"
    return state_database.scalar(connection, newest) if folded is None else int(folded)


def report(
    connection: duckdb.DuckDBPyConnection, policy: Policy, old: OldReport, *, fill: bool = False
) -> None:
    """Takes in a report; with `fill`, without the rows that were kept."""
    lines = f"(from {parquet_sql(old.path)} union all by name {_NOT_TOLD})"
    kept = f"anti join {KEPT} using (kind, key)" if fill else ""
    known = "anti join synced using (kind, key) anti join held using (kind, key)"
    RECORD_OUTCOMES.create(
        connection,
        f"""
        select batch, 0 as position, coalesce(_action, 'upsert') as action, kind, key,
            null::ubigint as person, _fingerprint as fingerprint, _fields as fields,
            _replaces as replaces, _also as also, null as marks,
            try_cast(code as bigint) as code, outcome, message
        from {lines} {kept} where outcome <> 'held'
        """,
    )
    _learn(connection, old)
    partition = old.facts.get("partition") or None
    told = OutboxOrigin(old.delivery, "", old.facts.get("declaration", ""), partition)
    folded = state_database.get(connection, "folded")
    fold.fold(connection, policy, told, None)
    if fill and folded is not None:
        state_database.put(connection, "folded", folded)
    connection.execute(
        f"""
        insert into held by name
        select kind, key, if(code = '{PARKED}', '{PARKED}', '{REFUSED}') as reason,
            nullif(code, '{PARKED}') as code, message, batch, {old.delivery} as delivery,
            now()::timestamp as since
        from {parquet_sql(old.path)} {known} where outcome = 'held'
        """
    )


def _learn(connection: duckdb.DuckDBPyConnection, old: OldReport) -> None:
    """Takes over what the state knew beside its rows: names of fields, answers of people ..."""
    for name, value in json.loads(old.facts.get("meta") or "{}").items():
        if not name.startswith(OTHER):
            state_database.put(connection, name, value)
    known = state_database.scalar(connection, "select count(*) from fields")
    names: Sequence[str] = json.loads(old.facts.get("fields") or "[]")
    for position in range(known, len(names)):
        connection.execute("insert into fields values (?, ?)", [position, names[position]])


def open_outbox(
    connection: duckdb.DuckDBPyConnection, policy: Policy, old: OldOutbox, home: Path, work: Path
) -> None:
    """Takes in a delivery that was cut short, and writes its report to `home`.

    What no ledger tells of is parked for a person.
    """
    origin = outbox.origin(old.path)
    if old.ledger is None:
        policy = replace(policy, on_unknown="park")
        RECORD_OUTCOMES.create(
            connection,
            f"""
            select *, null::bigint as code, 'unknown' as outcome, {literal(LOST)} as message
            from {outbox.rows(old.path)}
            """,
        )
    else:
        with LedgerFile(old.ledger.folder, durable=False) as ledger:
            load_outcomes(connection, old.path, origin, ledger, work)
        if old.is_cut:
            policy = replace(policy, on_unknown="park")
            open_ones = "outcome in ('unsent', 'unknown')"
            count = f"select count(*) from {RECORD_OUTCOMES} where {open_ones}"
            if state_database.scalar(connection, count):  # or it may be a view, of acked ones
                connection.execute(
                    f"update {RECORD_OUTCOMES} set outcome = 'unknown', message = {literal(LOST)}"
                    f" where {open_ones}"
                )
    delivery_report.write(connection, home, origin, policy)
    fold.fold(connection, policy, origin, old.path)


def salvage(connection: duckdb.DuckDBPyConnection, damaged: Path, rows_at_once: int) -> int:
    """Takes over the rows of a damaged state that can be read; returns how many cannot."""
    lost = 0
    for table in ("synced", "held"):
        first, rows = 0, _rows(connection, damaged, table)
        while first < rows:
            until = min(first + rows_at_once, rows)
            part = f"from old.{table} where rowid between {first} and {until - 1}"
            if not _tried(connection, damaged, f"insert into {table} by name {part}"):
                lost += until - first
            first = until
    own = "where name not in ('version', 'hash')"
    if lost:  # there may be rows of another sync among them, that was taken over
        own += f" and not starts_with(name, '{OTHER}')"
    _tried(connection, damaged, "insert into fields from old.fields")
    _tried(connection, damaged, f"insert or replace into meta from old.meta {own}")
    return lost


def drop_other_meanings(connection: duckdb.DuckDBPyConnection, meant_since: int) -> None:
    """Drops what was salvaged if it is from before its keys meant what they mean now."""
    known = int(state_database.get(connection, MEANT_SINCE) or 0)
    if known < meant_since and state_database.get(connection, "folded") is not None:
        connection.execute("delete from synced")
        connection.execute("delete from held")


def _rows(connection: duckdb.DuckDBPyConnection, damaged: Path, table: str) -> int:
    highest = "coalesce(max(rowid), -1) + 1"  # more than there are rows, once some were deleted
    counting = f"create or replace temp table counted as select {highest} as n from old.{table}"
    if not _tried(connection, damaged, counting):
        return 0
    return state_database.scalar(connection, "select n from counted")


def _tried(connection: duckdb.DuckDBPyConnection, damaged: Path, statement: str) -> bool:
    try:
        connection.execute(f"attach {literal(str(damaged))} as old (read_only)")
        try:
            connection.execute(statement)
        finally:
            connection.execute("detach old")
    except duckdb.Error:
        return False
    return True
