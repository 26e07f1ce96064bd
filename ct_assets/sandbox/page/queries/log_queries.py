"""Reads the request log and the error stream."""

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ct_assets.sandbox.store.request_log import LogRow

LATEST_ERRORS = 20_000


class StreamError(NamedTuple):
    seq: int
    request: int
    position: int
    at: float
    object: str
    event: str | None
    kind: str
    property: str | None
    message: str


class Kind(NamedTuple):
    kind: str
    errors: int


class Load(NamedTuple):
    """Sums over the requests of the log; records of dry runs, which keep none, do not count."""

    requests: int
    records: int
    refused: int
    failed: int


_COLUMNS = ", ".join(LogRow._fields)
_WITHOUT_TEXTS = ", ".join(LogRow._fields[: -len(LogRow._field_defaults)])
_KEPT = "instr(query, 'dryRun=1') = 0"
"""A condition: a dry run keeps no record."""
OUTCOMES = {
    "refused": "refused > 0",
    "throttled": "status = 429",
    "failed": "(status >= 400 and status <> 429)",
    "silent": "status is null",
    "fault": "fault is not null",
}


def requests(
    reader: sqlite3.Connection, path: str, outcome: str, before: int | None, most: int
) -> list[LogRow]:
    """`outcome` is one of `OUTCOMES`, or empty for all."""
    rows = reader.execute(
        f"select {_WITHOUT_TEXTS} from requests where number < coalesce(?, 9e18)"  # noqa: S608
        f" and (? = '' or path = ?) and {OUTCOMES.get(outcome, 'true')}"
        " order by number desc limit ?",
        (before, path, path, most),
    )
    return [LogRow(*row) for row in rows]


def request(reader: sqlite3.Connection, number: int) -> LogRow | None:
    row = reader.execute(
        f"select {_COLUMNS} from requests where number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row and LogRow(*row)


def paths(reader: sqlite3.Connection) -> list[str]:
    rows = reader.execute("select distinct path from requests order by path limit 50")
    return [row[0] for row in rows]


def load(reader: sqlite3.Connection) -> Load:
    row = reader.execute(
        f"select count(*), coalesce(sum(records) filter (where {_KEPT}), 0),"  # noqa: S608
        f" coalesce(sum(refused) filter (where {_KEPT}), 0),"
        " coalesce(sum(status is null or status >= 400), 0) from requests"
    ).fetchone()
    return Load(*row)


def arrivals(reader: sqlite3.Connection) -> tuple[int, int] | None:
    """When the first and the last request of the log came."""
    statement = "select at from requests order by number {} limit 1"
    first, last = (reader.execute(statement.format(way)).fetchone() for way in ("asc", "desc"))
    return (int(first[0]), int(last[0])) if first else None


def accepted(reader: sqlite3.Connection, edges: Sequence[int]) -> list[int]:
    """Records accepted between each edge and the next."""
    counts = [0] * (len(edges) - 1)
    rows = reader.execute(
        f"select at, records - refused from requests where {_KEPT}"  # noqa: S608
        " and status = 200 and records > 0 and at >= ? and at < ?",
        (edges[0], edges[-1]),
    )
    for at, records in rows:
        counts[bisect_right(edges, at) - 1] += records
    return counts


def errors(
    reader: sqlite3.Connection, kind: str, before: int | None, most: int
) -> list[StreamError]:
    rows = reader.execute(
        "select * from errors where seq < coalesce(?1, 9e18) and seq > ?2"
        " and (?3 = '' or kind = ?3) order by seq desc limit ?4",
        (before, _oldest(reader), kind, most),
    )
    return [StreamError(*row) for row in rows]


def errors_of(reader: sqlite3.Connection, number: int, most: int) -> list[StreamError]:
    rows = reader.execute(
        "select * from errors where seq > ? and request = ? order by seq limit ?",
        (_oldest(reader), number, most),
    )
    return [StreamError(*row) for row in rows]


def kinds(reader: sqlite3.Connection) -> list[Kind]:
    rows = reader.execute(
        "select kind, count(*) from errors where seq > ? group by kind order by 2 desc, 1",
        (_oldest(reader),),
    )
    return [Kind(*row) for row in rows]


def _oldest(reader: sqlite3.Connection) -> int:
    """Only the latest errors are looked at: one upload can add a thousand."""
    latest: int = reader.execute("select coalesce(max(seq), 0) from errors").fetchone()[0]
    return latest - LATEST_ERRORS
