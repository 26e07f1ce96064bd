"""ConnectionRows reads the rows of one SELECT from the database of a connection."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ct_assets.errors import no_column
from ct_assets.sources.connections.database import (
    NOTHING,
    Column,
    Database,
    Session,
    name_parts,
    nested,
)
from ct_assets.sources.connections.interruptible import interruptible
from ct_assets.sources.connections.one_select import one_select
from ct_assets.sources.connections.staged_batches import StagedBatches
from ct_assets.sources.incremental.lower_bound import LowerBound, checked
from ct_assets.sources.query_errors import QueryError
from ct_assets.sources.source_kind import SourceRows

T = TypeVar("T")
TELL_SECONDS = 15.0
"""Between two lines of the log that say how far it is."""


@dataclass(frozen=True)
class ConnectionRows(SourceRows):
    database: Database
    query: str
    label: str
    tell: Callable[[str], object] = lambda _: None
    """Called with a sentence on how far it is."""
    bound: LowerBound | None = None
    table: str | None = None
    """That whose rows they are, if it is no other query."""

    def primary_key(self) -> Sequence[str]:
        if self.table is None:
            return ()
        parts = name_parts(self.table)
        return self._read(lambda session: session.primary_key(parts))

    def since(self, bound: LowerBound) -> "ConnectionRows":
        return replace(self, bound=bound)

    def snapshot(self, into: Path) -> Mapping[str, str]:
        begun, staged = time.monotonic(), list[StagedBatches]()

        def read(session: Session) -> Mapping[str, str]:
            query = self._checked()
            columns = session.columns(query)
            if self.bound is not None:
                query = self._at_or_beyond(query, columns, self.bound)
                columns = session.columns(query)
            kept = [column for column in columns if column.left_out is None]
            if not kept:
                raise QueryError(f"{self.label}: column {columns[0].name!r} {columns[0].left_out}")
            staged.append(StagedBatches(kept, self.label))
            staged[0].write(session.batches(query, columns), into)
            return {column.name: column.left_out for column in columns if column.left_out}

        def look() -> None:
            rows = staged[0].rows if staged else 0
            self.tell(f"{self.label}: {_pace(rows, begun)} so far")

        left_out = self._read(read, look)
        self.tell(f"{self.label}: {_pace(staged[0].rows, begun)}, from {self.database.title}")
        return left_out

    def written(self) -> str:
        """Nothing tells when somebody wrote to a database: whenever it is read, it may have been.

        A sensor asks `DeclaredSource.state`, which wants a watermark.
        """
        return f"read at {time.time_ns()}"

    def largest(self, column: str, wanted_by: str = "watermark") -> str:
        def read(session: Session) -> str:
            query = self._checked()
            names = session.names(query)
            if column not in names:
                raise QueryError(f"{self.label}: {no_column(column, names, wanted_by)}")
            largest = f"max({self.database.quoted(column)})"
            return _one(session, _of(largest, query), self.label)

        return self._read(read)

    def count(self, beyond: tuple[str, str] | None) -> int:
        def read(session: Session) -> str:
            query = self._checked()
            counted = _of("count(*)", query)
            if beyond is not None:
                name, value = beyond
                columns = {each.name: each for each in session.columns(query)}
                if name not in columns:
                    raise QueryError(f"{self.label}: {no_column(name, list(columns), 'watermark')}")
                column = columns[name]
                limit = self.database.literal(value, column)
                counted += f" where {self.database.quoted(name)} > {limit}"
            return _one(session, counted, self.label)

        return int(self._read(read))

    def value(self) -> str:
        """The one value of the query, as text."""
        return self._read(lambda session: _one(session, self._checked(), self.label))

    def columns(self) -> Sequence[Column]:
        return self._read(lambda session: session.columns(self._checked()))

    def version(self) -> str:
        """Of the server."""
        return self._read(lambda session: session.version())

    def _at_or_beyond(self, query: str, columns: Sequence[Column], bound: LowerBound) -> str:
        """The query of the rows that are read again."""
        types = {column.name: column.dtype for column in columns}
        if any(each.name == bound.column and each.kind == NOTHING for each in columns):
            return query
        least = bound.of(checked(types, bound.column, self.label))
        column = next(each for each in columns if each.name == bound.column)
        name = self.database.quoted(bound.column)
        value = self.database.lower_bound(str(least), column)
        where = f"where {name} >= {value} or {name} is null"
        return f"select * from {nested(query)} {where}"  # noqa: S608 - the author's

    def _checked(self) -> str:
        return one_select(self.query, self.label, escapes=self.database.escapes)

    def _read(self, work: Callable[[Session], T], look: Callable[[], None] = lambda: None) -> T:
        """The result of `work` with a session, which a signal ends together with its query."""
        sessions: list[Session] = []

        def with_session() -> T:
            self._checked()
            with self.database.session(self.label) as session:
                sessions.append(session)
                return work(session)

        def cancel() -> None:
            for session in sessions:
                session.cancel()

        return interruptible(with_session, cancel=cancel, look=look, every=TELL_SECONDS)


def _of(value: str, query: str) -> str:
    return f"select {value} as value from {nested(query)}"  # noqa: S608 - the author's


def _one(session: Session, query: str, label: str) -> str:
    values = session.first_rows(query, 2)
    if len(values) != 1 or len(values[0]) != 1:
        raise QueryError(f"{label}: must give one row with one column")
    return str(values[0][0])


def _pace(rows: int, begun: float) -> str:
    seconds = max(time.monotonic() - begun, 0.001)
    return f"{rows:,} rows ({rows / seconds:,.0f} rows/s)"
