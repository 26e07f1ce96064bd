"""The log of requests."""

import sqlite3
from typing import NamedTuple

EXCERPT = 4096

_INSERT = "insert into requests values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class LogRow(NamedTuple):
    number: int
    at: float
    method: str
    path: str
    query: str
    status: int | None
    """None when the connection ended without an answer."""
    records: int | None
    refused: int | None
    bytes: int
    seconds: float
    in_flight: int
    fault: str | None
    body: str
    """The first 4096 bytes."""
    answer: str


class Log:
    """Numbers requests as they arrive and keeps the last `rows` of them."""

    def __init__(self, connection: sqlite3.Connection, rows: int) -> None:
        self._connection, self._rows = connection, rows
        highest = connection.execute("select coalesce(max(number), 0) from requests").fetchone()[0]
        self._next: int = highest + 1

    def number(self) -> int:
        number = self._next
        self._next += 1
        return number

    def add(self, row: LogRow) -> None:
        self._connection.execute(_INSERT, row)
        if row.number % 1000 == 0:
            oldest = (row.number - self._rows,)
            self._connection.execute("delete from requests where number <= ?", oldest)
            self._connection.execute("delete from errors where request <= ?", oldest)


def excerpt(body: bytes) -> str:
    return body[:EXCERPT].decode(errors="replace")
