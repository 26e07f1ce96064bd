"""Reads events by name, by person and over time."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import orjson

COUNTED = 10_000


class EventTotals(NamedTuple):
    name_id: int
    name: str
    total: int
    first: int | None
    last: int | None


class StoredEvent(NamedTuple):
    seq: int
    name_id: int
    name: str
    pid: int
    ts: int
    received: float
    request: int
    props: dict[str, Any]


class TimelinePosition(NamedTuple):
    """The last event of a page, in newest-first order."""

    ts: int
    seq: int


def total(reader: sqlite3.Connection) -> int:
    count: int = reader.execute("select count(*) from events").fetchone()[0]
    return count


def names(reader: sqlite3.Connection) -> list[EventTotals]:
    """Most frequent first."""
    rows = reader.execute(
        "select name_id, name, (select count(*) from events e where e.name_id = n.name_id),"
        " (select min(ts) from events e where e.name_id = n.name_id),"
        " (select max(ts) from events e where e.name_id = n.name_id) from event_names n"
    )
    return sorted(
        (EventTotals(*row) for row in rows), key=lambda totals: (-totals.total, totals.name)
    )


def counts(reader: sqlite3.Connection, name_id: int, edges: Sequence[int]) -> list[int]:
    """Events between each edge and the next."""
    statement = "select count(*) from events where name_id = ? and ts >= ? and ts < ?"
    return [reader.execute(statement, (name_id, *span)).fetchone()[0] for span in pairwise(edges)]


def of_name(
    reader: sqlite3.Connection, name_id: int, before: TimelinePosition | None, most: int
) -> list[StoredEvent]:
    return _newest(reader, "name_id", name_id, before, most)


def of_person(
    reader: sqlite3.Connection, pid: int, before: TimelinePosition | None, most: int
) -> list[StoredEvent]:
    return _newest(reader, "pid", pid, before, most)


def counts_of_person(reader: sqlite3.Connection, pid: int) -> list[tuple[int, str, int]]:
    """Of the newest `COUNTED` events: id of the name, name, count."""
    rows = reader.execute(
        "select name_id, name, count(*) from"
        " (select name_id from events where pid = ? order by ts desc, seq desc limit ?)"
        " join event_names using (name_id) group by name_id order by count(*) desc, name",
        (pid, COUNTED),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def titles(reader: sqlite3.Connection, pids: Iterable[int]) -> dict[int, str]:
    """The title of each person: a name, an identity, or else any identifier."""
    statement = (
        "select coalesce((select json_extract(props, '$.Name') from profiles where pid = ?1),"
        " (select value from identifiers where pid = ?1 order by kind = 'identity' desc limit 1),"
        " ?1)"
    )
    return {pid: str(reader.execute(statement, (pid,)).fetchone()[0]) for pid in set(pids)}


def _newest(
    reader: sqlite3.Connection, column: str, owner: int, before: TimelinePosition | None, most: int
) -> list[StoredEvent]:
    bound = "and (ts, seq) < (?, ?)" if before else ""
    rows = reader.execute(
        "select seq, name_id, name, pid, ts, received, request, props"  # noqa: S608 - names of ours
        f" from events join event_names using (name_id) where {column} = ? {bound}"
        " order by ts desc, seq desc limit ?",
        (owner, *(before or ()), most),
    )
    return [StoredEvent._make((*row[:-1], orjson.loads(row[-1]))) for row in rows]
