"""settle() gives every record of an outbox its outcome, once.

Runs, `parked`, `replay` and `forget` all begin with it, so none of them works on half a delivery.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import itertools
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.outbox import OutboxOrigin
from ct_assets.delivery.settlement import delivery_report, fold, sync_log
from ct_assets.delivery.settlement.last_outcomes import stretches
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.scratch_tables import RECORD_OUTCOMES
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, STATE, STAYING, StorageError
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.delivery.state.witness import FORMER
from ct_assets.files import sync
from ct_assets.row_counts import OutcomeCounts
from ct_assets.sql import parquet_sql

CHUNK = 25_000

_STRETCHES = {
    "batch": pl.Int64,
    "first": pl.Int64,
    "until": pl.Int64,
    "outcome": pl.String,
    "entry": pl.Int64,
    "why": pl.String,
    "doubt": pl.String,
}
_REFUSALS = {"entry": pl.Int64, "row": pl.Int64, "code": pl.Int64, "message": pl.String}


@dataclass(frozen=True)
class Settlement:
    origin: OutboxOrigin
    report: Path
    sent: OutcomeCounts
    removals: OutcomeCounts


def undeclared(home: Path) -> Policy:
    """The policy by which to settle an open delivery of a sync that is no longer declared."""
    if not outbox.exists(home):
        return Policy(sync=home.name, object="profile", declaration="")
    try:
        facts = pl.read_parquet_metadata(home / OUTBOX)
    except pl.exceptions.PolarsError:  # damaged: nobody settles it, for it may be of events
        return Policy(sync=home.name, object="event", declaration="", on_unknown="park")
    if "object" not in facts:  # of an older version; nothing is sent twice this way
        kinds = pl.scan_parquet(home / OUTBOX, glob=False).select("kind").head(1).collect()
        facts |= {
            "object": "event" if kinds.to_series().to_list() == ["event"] else "profile",
            "on_unknown": "park",
        }
    return Policy(
        sync=home.name,
        object="event" if facts["object"] == "event" else "profile",
        declaration=facts["declaration"],
        on_unknown="park" if facts["on_unknown"] == "park" else "resend",
        idempotent=facts.get("idempotent") != "False",
    )


def settle(state: SyncState, connection: duckdb.DuckDBPyConnection) -> Settlement | None:
    """Reports and folds the records of the outbox, then removes it; None if there is no outbox.

    Killed at any point it can be run again: folding twice changes nothing.
    """
    if not outbox.exists(state.home):
        return None
    path = state.home / OUTBOX
    origin = outbox.origin(path)
    _check_ledger(state, connection, origin)
    load_outcomes(connection, path, origin, state.ledger, state.work)
    report = delivery_report.write(connection, state.home, origin, state.policy)
    sync_log.write(state, connection, path, origin)
    settlement = Settlement(origin, report, _tally(connection, "="), _tally(connection, "<>"))
    fold.fold(connection, state.policy, origin, path)
    path.unlink()
    (state.home / STAYING).unlink(missing_ok=True)
    sync(state.home)
    return settlement


def _check_ledger(
    state: SyncState, connection: duckdb.DuckDBPyConnection, origin: OutboxOrigin
) -> None:
    """Without the ledger that goes with it, all of an outbox would seem unsent."""
    if not state.ledger.knows(origin.delivery):
        why = f"its {LEDGER} does not know delivery {origin.delivery}"
    elif not _is_of(connection, origin.state_id):
        why = f"its {STATE} is not the one that delivery {origin.delivery} began with"
    else:
        return
    raise StorageError(
        f"{state.home.name}: a delivery was cut short and cannot be settled, for {why}. "
        f"`ct-assets plan {state.home.name}` says what can be done"
    )


def _is_of(connection: duckdb.DuckDBPyConnection, state_id: str | None) -> bool:
    """Whether it is this state, or one that was given up for it; version 0.1 had no ids."""
    known = (state_database.get(connection, name) for name in ("id", f"{FORMER}{state_id}"))
    return state_id is None or state_id == next(known) or next(known) is not None


def load_outcomes(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    origin: OutboxOrigin,
    ledger: LedgerFile,
    work: Path,
) -> None:
    """Fills `RECORD_OUTCOMES`: each record of the outbox with its outcome, code and message.

    Where all are acknowledged it is a view of the outbox, of which nothing is copied.
    """
    parts = _write_stretches(ledger, origin.delivery, work)
    if _are_all_acked(connection, path, parts, ledger, origin.delivery):
        acked = "select *, null as code, 'acked' as outcome, null as message"
        RECORD_OUTCOMES.create_view(connection, f"{acked} from {outbox.rows(path)}")
        return
    refused = _write_refusals(ledger, origin.delivery, work)
    RECORD_OUTCOMES.create(
        connection,
        f"""
        select
            o.batch, o.position, o.action, o.kind, o.key, o.person, o.fingerprint, o.fields,
            o.replaces, o.also, o.marks, r.code,
            if(r.row is null, coalesce(s.outcome, 'unsent'), 'refused') as outcome,
            coalesce(r.message, s.why) as message
        from {outbox.rows(path)} as o
        left join {parquet_sql(parts)} as s
            on s.batch = o.batch and o.position >= s.first and o.position < s.until
        left join {parquet_sql(*refused)} as r
            on r.entry = s.entry and r.row = o.position and s.outcome = 'acked'
        """,
    )


def _are_all_acked(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    parts: Path,
    ledger: LedgerFile,
    delivery: int,
) -> bool:
    """Whether each batch was acknowledged as a whole, and no record of it refused."""
    if any(ledger.refusals(delivery, 1)):
        return False
    others = f"""
        from (
            select batch, count(*) as rows, max(position) as last
            from {parquet_sql(path)} group by batch
        ) as o full join {parquet_sql(parts)} as s on s.batch = o.batch
        where (
            s.outcome = 'acked' and s.why is null
            and s.first = 0 and s.until = o.rows and o.last = o.rows - 1
        ) is not true
    """
    return not scalar(connection, f"select count(*) {others}")


def _write_stretches(ledger: LedgerFile, delivery: int, work: Path) -> Path:
    parts = list(stretches(ledger.entries(delivery)))
    path = work / "stretches.parquet"
    pl.DataFrame(parts, schema=_STRETCHES, orient="row").write_parquet(path)
    return path


def _write_refusals(ledger: LedgerFile, delivery: int, work: Path) -> list[Path]:
    """Writes files of a bounded size: every record of a delivery may have been refused."""
    paths = []
    for number, rows in enumerate(itertools.chain([[]], ledger.refusals(delivery, CHUNK))):
        paths.append(work / f"refusals-{number}.parquet")
        columns = zip(*rows, strict=True) if rows else [()] * len(_REFUSALS)
        named = dict(zip(_REFUSALS, columns, strict=True))
        pl.DataFrame(named, schema=_REFUSALS).write_parquet(paths[-1])
    return paths


def _tally(connection: duckdb.DuckDBPyConnection, operator: str) -> OutcomeCounts:
    """Counts outcomes of the uploaded rows (`=`) or of the removals (`<>`)."""
    counts = connection.execute(
        f"select outcome, count(*) from {RECORD_OUTCOMES}"
        f" where action {operator} 'upsert' group by 1"
    ).fetchall()
    return OutcomeCounts(planned=sum(rows for _, rows in counts), **dict(counts))
