"""Reads records that were refused aloud, from the answers in the request log."""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

LATEST = 200
"""Requests whose answers are looked at: the latest with refusals."""
_ENDS = ("", "]}", "}]}")


class LoggedRefusal(NamedTuple):
    request: int
    at: float
    code: str
    message: str
    record: str


def refused(reader: sqlite3.Connection, code: str, most: int) -> list[LoggedRefusal]:
    """The newest first; of a long answer only the beginning is in the log."""
    records: list[LoggedRefusal] = []
    for record in _all(reader):
        if not code or record.code == code:
            records.append(record)
        if len(records) == most:
            break
    return records


def codes(reader: sqlite3.Connection) -> dict[str, int]:
    """How many of them have each code, the most frequent first."""
    counts: dict[str, int] = {}
    for record in _all(reader):
        counts[record.code] = counts.get(record.code, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _all(reader: sqlite3.Connection) -> Iterator[LoggedRefusal]:
    rows = reader.execute(
        "select number, at, answer from requests where refused > 0"
        " and instr(query, 'dryRun=1') = 0 order by number desc limit ?",
        (LATEST,),
    )
    for number, at, answer in rows:
        for item in _unprocessed(answer):
            if isinstance(item, dict):
                record = orjson.dumps(item.get("record")).decode()
                code, message = (str(item.get(name, "")) for name in ("code", "error"))
                yield LoggedRefusal(number, at, code, message, record)


def _unprocessed(answer: str) -> list[Any]:
    """The refused records of an answer; of one that is cut off, those that are whole."""
    end = len(answer)
    while end > 0:
        for more in _ENDS:
            try:
                read = orjson.loads(answer[:end] + more)
            except orjson.JSONDecodeError:
                continue
            items = read.get("unprocessed") if isinstance(read, dict) else None
            return items if isinstance(items, list) else []
        end = answer.rfind("},{", 0, end - 1) + 1
    return []
