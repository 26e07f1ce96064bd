"""The delivery report: what became of each record, and what CleverTap or we hold against it."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import contextlib
from datetime import datetime
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import entries
from ct_assets.delivery.outbox import Origin
from ct_assets.files import replacing
from ct_assets.sql import literal

LISTED = ("refused", "parked")
"""Held rows that a person may want to do something about."""

_HINTS = {
    "unknown": "The answer was lost, so nobody knows; the next run follows on_unknown.",
    "unsent": "Goes with the next run.",
}


def path_of(home: Path, delivery: int) -> Path:
    return home / "reports" / f"{delivery:08}.parquet"


def list_held(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `work.listed` from the rows of `work.diff` that are held back."""
    connection.execute(
        f"""
        create or replace table work.listed as
        select h.key, h.kind, 'held' as outcome, coalesce(h.code, h.reason) as code, h.message,
            h.batch
        from work.diff as d
        join work.valid as v on v.row = d.row
        join held as h on h.key = v.key and h.kind = v.kind
        where d.fate in {LISTED}
        """
    )


def write(connection: duckdb.DuckDBPyConnection, home: Path, origin: Origin) -> Path:
    """From `work.settled`, and from `work.listed` where the delivery's own run writes it."""
    _explain(connection)
    path = path_of(home, origin.delivery)
    with replacing(path) as partial:
        connection.execute(
            f"""
            copy (
                select r.key, r.kind, r.outcome, r.code, r.message, c.hint, r.batch,
                    {literal(origin.run)} as run
                from (
                    select key, kind, outcome, code::varchar as code, message, batch
                    from work.settled
                    union all by name from work.listed
                ) as r left join work.hints as c on c.code = coalesce(r.code, r.outcome)
            ) to {literal(str(partial))} (format parquet, compression snappy)
            """
        )
    return path


def _explain(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `work.hints`, by the codes and outcomes that occur."""
    connection.execute(
        """
        create table if not exists work.listed (
            key varchar, kind varchar, outcome varchar, code varchar, message varchar,
            batch uinteger
        );
        create or replace table work.hints (code varchar, hint varchar);
        """
    )
    codes = connection.execute(
        "select distinct code::varchar from work.settled where code is not null"
        " union select distinct code from work.listed where code is not null"
    ).fetchall()
    hints = _HINTS | {code: _hint(code) for (code,) in codes}
    connection.executemany("insert into work.hints values (?, ?)", list(hints.items()))


def _hint(code: str) -> str:
    entry = entries().get(code)
    return entry.fix if entry else "CleverTap has not published this code; its message is all."


def prune(home: Path, before: datetime) -> None:
    """Removes reports older than that, by the time they were written."""
    for report in (home / "reports").glob("*.parquet"):
        with contextlib.suppress(FileNotFoundError):
            if report.stat().st_mtime < before.timestamp():
                report.unlink()
