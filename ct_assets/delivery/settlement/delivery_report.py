"""The delivery report says which outcome each record had, and the reason of a refusal."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import contextlib
from datetime import datetime
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import (
    FILLED_ALREADY,
    NOT_THERE,
    THERE_ALREADY,
    UNACKNOWLEDGED,
    entries,
)
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.outbox import OutboxOrigin
from ct_assets.delivery.settlement import report_memory
from ct_assets.delivery.state.scratch_tables import DIFF, HELD_ROWS, HINTS, RECORD_OUTCOMES, VALID
from ct_assets.delivery.state.sync_files import ASIDE
from ct_assets.files import replacing
from ct_assets.sql import literal

LISTED = ("refused", "parked")
"""Reasons of held rows that a person may want to act on."""

_HINTS = {
    "unknown": "The answer was lost, so nobody knows; the next run follows on_unknown.",
    "unsent": "Goes with the next run.",
}


def path_of(home: Path, delivery: int) -> Path:
    return home / "reports" / f"{delivery:08}.parquet"


def list_held(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `HELD_ROWS` from the rows of `DIFF` that are held back."""
    HELD_ROWS.create(
        connection,
        f"""
        select h.key, h.kind, 'held' as outcome, coalesce(h.code, h.reason) as code, h.message,
            h.batch
        from {DIFF} as d
        join {VALID} as v on v.row = d.row
        join held as h on h.key = v.key and h.kind = v.kind
        where d.fate in {LISTED}
        union all
        select v.key, v.kind, 'held', d.fate, null, null
        from {DIFF} as d join {VALID} as v on v.row = d.row
        where d.fate in {(UNACKNOWLEDGED, NOT_THERE, THERE_ALREADY, FILLED_ALREADY)}
        """,
    )


def write(
    connection: duckdb.DuckDBPyConnection, home: Path, origin: OutboxOrigin, policy: Policy
) -> Path:
    """Writes `RECORD_OUTCOMES`, and `HELD_ROWS` where the delivery's own run filled it."""
    _explain(connection)
    path = path_of(home, origin.delivery)
    kept = report_memory.columns(connection, policy)
    memory = "".join(f", r.{column} as {name}" for name, column in kept.items())
    outcomes = "".join(f", {column}" for column in kept.values())
    with replacing(path) as partial:
        connection.execute(
            f"""
            copy (
                select r.key, r.kind, r.outcome, r.code, r.message, c.hint, r.batch,
                    {literal(origin.run)} as run{memory}
                from (
                    select key, kind, outcome, code::varchar as code, message, batch{outcomes}
                    from {RECORD_OUTCOMES}
                    union all by name from {HELD_ROWS}
                ) as r left join {HINTS} as c on c.code = coalesce(r.code, r.outcome)
            ) to {literal(str(partial))} (
                format parquet, compression snappy,
                kv_metadata {report_memory.metadata(connection, home, origin)}
            )
            """
        )
    return path


def _explain(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `HINTS`, by the codes and outcomes that occur."""
    HELD_ROWS.create_if_missing(connection)
    HINTS.create(connection)
    codes = connection.execute(
        f"select distinct code::varchar from {RECORD_OUTCOMES} where code is not null"
        f" union select distinct code from {HELD_ROWS} where code is not null"
    ).fetchall()
    hints = _HINTS | {code: _hint(code) for (code,) in codes}
    connection.executemany(f"insert into {HINTS} values (?, ?)", list(hints.items()))


def _hint(code: str) -> str:
    entry = entries().get(code)
    return entry.fix if entry else "CleverTap has not published this code; its message is all."


def ages(name: str) -> bool:
    """Whether a file of a state, by its name, is kept for as long as reports are."""
    return name.startswith("reports/") or name.endswith(ASIDE)


def prune(home: Path, before: datetime) -> None:
    """Removes reports older than that, and files set aside, by the time they were written."""
    for report in (*home.glob("reports/*.parquet"), *home.glob(f"*{ASIDE}")):
        with contextlib.suppress(FileNotFoundError):
            if report.stat().st_mtime < before.timestamp():
                report.unlink()
