"""SyncLog writes one row for each operation of a delivery, in a file of its own: `log/`.

Rows that do not leave, rejected and held, are noted with the plan, and all others when the delivery
is settled. The file of a delivery that was cut short is written by whoever settles it, once.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.clevertap.codes import LIMIT, entries
from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.outbox import OutboxOrigin
from ct_assets.delivery.settlement import log_files
from ct_assets.delivery.settlement.last_outcomes import stretches
from ct_assets.delivery.state.scratch_tables import (
    DIFF,
    HELD_ROWS,
    LOG_ROWS,
    RECORD_OUTCOMES,
    VALID,
)
from ct_assets.delivery.state.sync_files import STAYING
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.files import private_dir, replacing
from ct_assets.sql import literal, parquet_sql

_NO_VALUES = "null::varchar as record, null::varchar as message"
"""In place of the columns that quote values, where these are not asked for."""
_ENTRIES = {
    "batch": pl.Int64,
    "first": pl.Int64,
    "until": pl.Int64,
    "outcome": pl.String,
    "at": pl.String,
}


def note_staying(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, delivery: int
) -> None:
    """Notes the rows that this delivery does not send, before its outbox is written.

    Of held rows those that the report lists, and those beyond a limit: rows of somebody who is
    forgotten leave no trace, and those before `from_now` would be as many in every delivery.
    """
    if request.policy.log is None:
        return
    identity = "null" if request.policy.object == "event" else "key"
    held = f"select key, kind, {identity} as identity, 'held' as outcome, code, message"
    beyond = f"""
        select v.key, v.kind, {"null" if identity == "null" else "v.key"} as identity,
            'held' as outcome, d.fate as code
        from {DIFF} as d join {VALID} as v on v.row = d.row where d.fate = '{LIMIT}'
    """
    parts = [f"from {LOG_ROWS}", f"{held} from {HELD_ROWS}", beyond]
    if request.rejections is not None:
        parts.append(f"select *, 'rejected' as outcome from {parquet_sql(request.rejections)}")
    LOG_ROWS.create(connection)
    rows = LOG_ROWS.typed(" union all by name ".join(parts))
    with replacing(request.home / STAYING) as partial:
        connection.execute(
            f"copy ({rows}) to {literal(str(partial))}"
            f" (format parquet, kv_metadata {{delivery: '{delivery}'}})"
        )


def write(
    state: SyncState, connection: duckdb.DuckDBPyConnection, path: Path, origin: OutboxOrigin
) -> None:
    """Writes the file of the delivery whose outbox is at `path`, from `RECORD_OUTCOMES`.

    Not twice: once the outcomes are folded, nothing tells any more which rows were new.
    """
    log, kept = log_files.path_of(state.home, origin.delivery), state.policy.log
    if kept is None or _is_of(log, origin):
        return
    private_dir(log.parent)
    attempts = _write_attempts(state, origin)
    rows = [_sent(state.policy.object, path, attempts), *_staying(state.home, origin)]
    logged = LOG_ROWS.typed(" union all by name ".join(rows))
    values = "record, r.message" if kept.values else _NO_VALUES
    with replacing(log) as partial:
        connection.execute(
            f"""
            copy (
                select {_facts(state.home, origin)}, key, kind, identity, change, action,
                    to_json(fields)::varchar as fields,
                    outcome, r.code, coalesce(r.reason, t.title) as reason, attempts, batch,
                    sent_at, answered_at, {values}
                from ({logged}) as r left join {_titles()} on t.code = r.code
                order by batch nulls last, kind, key
            ) to {literal(str(partial))} (
                format parquet, compression zstd,
                kv_metadata {{log_version: '{log_files.VERSION}', run: {literal(origin.run)}}}
            )
            """
        )


def _facts(home: Path, origin: OutboxOrigin) -> str:
    """SQL of what all rows of a delivery have in common."""
    at = literal(origin.at) if origin.at else "null"
    partition = literal(origin.partition) if origin.partition else "null"
    return f"""
        {literal(home.name)} as sync, {literal(home.parent.name)} as destination,
        {literal(origin.state_id or "")} as state, {origin.delivery}::bigint as delivery,
        {literal(origin.run)} as run, {at}::timestamptz as began_at,
        {partition}::varchar as partition
    """


def _sent(object_: str, path: Path, attempts: Path) -> str:
    """SQL of the records of the outbox, each with its outcome."""
    event = object_ == "event"
    bearer = ", ".join(f"json_extract_string(record, '$.{kind}')" for kind in IDENTIFIERS)
    identity = f"coalesce({bearer})" if event else "key"
    is_json = "action in ('upsert', 'clear')" if object_ != "segment" else "false"
    names = f"json_keys(record, '$.{'evtData' if event else 'profileData'}')"
    return f"""
        select o.key, o.kind, x.identity, o.action, x.fields, o.outcome, o.code, o.message,
            case when o.action <> 'upsert' then 'removed'
                when o.replaces is null and s.key is null then 'new' else 'changed' end as change,
            coalesce(a.attempts, 0) as attempts, o.batch, a.sent_at, a.answered_at, x.record,
            null as reason
        from {RECORD_OUTCOMES} as o
        join (
            select batch, position, record, {identity} as identity,
                if({is_json}, {names}, null) as fields
            from {parquet_sql(path)}
        ) as x on x.batch = o.batch and x.position = o.position
        left join synced as s on s.kind = o.kind and s.key = o.key
        left join {parquet_sql(attempts)} as a
            on a.batch = o.batch and o.position >= a.first and o.position < a.until
    """


def _staying(home: Path, origin: OutboxOrigin) -> Iterator[str]:
    """SQL of the rows that were noted with the plan of this delivery."""
    path = home / STAYING
    if path.exists() and pl.read_parquet_metadata(path).get("delivery") == str(origin.delivery):
        yield f"from {parquet_sql(path)}"


def _write_attempts(state: SyncState, origin: OutboxOrigin) -> Path:
    """How often each stretch of a batch left, and when: a few rows for each batch."""
    ledger = state.ledger
    times = pl.DataFrame(ledger.times(origin.delivery), schema=_ENTRIES, orient="row").lazy()
    parts = [(s.batch, s.first, s.until) for s in stretches(ledger.entries(origin.delivery))]
    schema = dict.fromkeys(("batch", "first", "until"), pl.Int64)
    known = pl.DataFrame(parts, schema=schema, orient="row").lazy()
    sent, at = pl.col("outcome") == "sent", pl.col("at").str.to_datetime(time_zone="UTC")
    covering = (pl.col("first_right") <= pl.col("first")) & (
        pl.col("until_right") >= pl.col("until")
    )
    path = state.work / "attempts.parquet"
    (
        known.join(times, on="batch")
        .filter(covering)
        .group_by("batch", "first", "until")
        .agg(
            sent.sum().cast(pl.Int64).alias("attempts"),
            at.filter(sent).min().alias("sent_at"),
            at.filter(~sent).max().alias("answered_at"),
        )
        .collect()
        .write_parquet(path)
    )
    return path


def _titles() -> str:
    """SQL of what codes mean, in our words: CleverTap's own may quote values."""
    listed = ", ".join(f"({literal(e.code)}, {literal(e.title)})" for e in entries().values())
    return f"(values {listed}) as t(code, title)"


def _is_of(log: Path, origin: OutboxOrigin) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return pl.read_parquet_metadata(log).get("run") == origin.run
    return False


def prune(state: SyncState, request: DeliveryRequest) -> None:
    """Removes the files of deliveries that were settled longer ago than the log is kept."""
    if request.policy.log is None:
        return
    before = request.at - request.policy.log.retention
    for path in log_files.files(state.home):
        if path.stat().st_mtime < before.timestamp():
            path.unlink()
    state.hold.prune(before, log_files.ages)
