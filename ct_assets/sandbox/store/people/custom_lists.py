"""Keeps the files of custom lists, and the segments that are made of them."""

import csv
import io
import secrets
import sqlite3
from collections.abc import Iterator

from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier

_KINDS = {"i": "identity", "g": "objectId"}
MOST_ERRORS = 100


class CustomLists:
    """Each method is one statement or is used within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open(self, expires: float) -> str:
        token = secrets.token_urlsafe(16)
        self._connection.execute(
            "insert into lists (token, expires) values (?, ?)", (token, expires)
        )
        return token

    def put(self, token: str, body: bytes, now: float) -> bool:
        """False if the URL is unknown or no longer valid."""
        done = self._connection.execute(
            "update lists set body = ? where token = ? and expires >= ?", (body, token, now)
        )
        return done.rowcount == 1

    def file(self, token: str) -> bytes | None:
        row = self._connection.execute(
            "select body from lists where token = ?", (token,)
        ).fetchone()
        return row[0] if row else None

    def named(self, name: str) -> int | None:
        row = self._connection.execute(
            "select segment from segments where name = ?", (name,)
        ).fetchone()
        return row[0] if row else None

    def free(self) -> int:
        """A number for a new segment."""
        row = self._connection.execute("select coalesce(max(segment), 0) + 1 from segments")
        return int(row.fetchone()[0])

    def commit(self, segment: int, about: tuple[str, str, str, str], at: float) -> None:
        """`about`: name, email, creator and filename."""
        self._connection.execute(
            "insert or replace into segments values (?, ?, ?, ?, ?, ?)", (segment, *about, at)
        )
        self._connection.execute("delete from members where segment = ?", (segment,))

    def fill(self, segment: int, body: bytes, request: int, at: float) -> None:
        """Members are profiles that exist; other lines are reported in the error stream alone."""
        errors = 0
        for line, content in enumerate(_lines(body), start=1):
            pid = self._member(content) if isinstance(content, ProfileIdentifier) else None
            if pid is not None:
                self._connection.execute(
                    "insert or ignore into members values (?, ?)", (segment, pid)
                )
            elif (errors := errors + 1) <= MOST_ERRORS:
                why = content if isinstance(content, str) else "no such profile"
                self._connection.execute(
                    "insert into errors (request, position, at, object, kind, message)"
                    " values (?, ?, ?, 'segment', 'segment_line', ?)",
                    (request, line, at, f"line {line}: {why}"),
                )

    def _member(self, identifier: ProfileIdentifier) -> int | None:
        row = self._connection.execute(
            "select pid from identifiers where kind = ? and value = ?", identifier
        ).fetchone()
        return row[0] if row else None


def _lines(body: bytes) -> Iterator[ProfileIdentifier | str]:
    """The identifier on each line, or what is wrong with the line."""
    rows = csv.reader(io.StringIO(body.decode("utf-8-sig", errors="replace"), newline=""))
    try:
        if next(rows, None) != ["Type", "Identity"]:
            yield "the header needs to be Type,Identity"
            return
        for row in rows:
            if len(row) != 2 or row[0] not in _KINDS or not row[1]:
                yield "a line needs to be i,<identity> or g,<CleverTap id>"
            else:
                yield ProfileIdentifier(_KINDS[row[0]], row[1])
    except csv.Error as error:
        yield str(error)
