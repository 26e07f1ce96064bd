"""Reads records that were refused aloud, from the answers in the request log."""

import sqlite3
from collections import Counter
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


def refused(
    reader: sqlite3.Connection, code: str, most: int
) -> tuple[list[LoggedRefusal], dict[str, int]]:
    """The newest of a code, or of all, and how many each code has, the most frequent first.

    Of a long answer only the beginning is in the log.
    """
    records: list[LoggedRefusal] = []
    counts: Counter[str] = Counter()
    for record in _all(reader):
        counts[record.code] += 1
        if code in ("", record.code) and len(records) < most:
            records.append(record)
    return records, dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


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
