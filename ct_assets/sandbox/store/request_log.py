"""Keeps the log of requests."""

import sqlite3
from typing import NamedTuple

from ct_assets.sandbox.sandbox_settings import Settings

EXCERPT = 4096
TRIM_EVERY = 100

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
    body: str = ""
    """The first 4096 bytes; lists of requests are without bodies and answers."""
    answer: str = ""

    @property
    def outcome(self) -> str:
        """For the page: good, some (were refused), held or bad."""
        if self.status is None:
            return "bad"
        if self.status >= 400:
            return "held" if self.status == 429 else "bad"
        return "some" if self.refused else "good"


class RequestLog:
    """Numbers requests as they arrive; keeps the last of them, and of the error stream."""

    def __init__(self, connection: sqlite3.Connection, settings: Settings) -> None:
        self._connection = connection
        self._rows, self._errors = settings.log_rows, settings.error_rows
        highest = connection.execute("select coalesce(max(number), 0) from requests").fetchone()[0]
        self._next: int = highest + 1

    def number(self) -> int:
        number = self._next
        self._next += 1
        return number

    def add(self, row: LogRow) -> None:
        self._connection.execute(_INSERT, row)
        if row.number % TRIM_EVERY == 0:
            self._trim(row.number - self._rows)

    def _trim(self, oldest: int) -> None:
        self._connection.execute("delete from requests where number <= ?", (oldest,))
        self._connection.execute("delete from errors where request <= ?", (oldest,))
        self._connection.execute(
            "delete from errors where seq <= (select max(seq) from errors) - ?", (self._errors,)
        )


def excerpt(body: bytes) -> str:
    return body[:EXCERPT].decode(errors="replace")
