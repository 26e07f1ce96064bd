"""Sqlite reads a file of SQLite, whose columns may hold values of any kind, row by row."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from ct_assets.errors import closest, hushed
from ct_assets.settings import project_root
from ct_assets.sources.connections.database import (
    NOTHING,
    Column,
    ConnectionFailedError,
    Database,
    Session,
    nested,
    selected,
)
from ct_assets.sources.connections.repeated_names import check_names
from ct_assets.sources.query_errors import QueryError
from ct_assets.sql import literal

ROWS_IN_A_MB = 1_000
_BEYOND = 2**53
_SECOND = re.compile(r":\d+$")
"""The end of the name that SQLite gives to the second column of a name in a subquery."""
_TYPES = {"integer": pl.Int64(), "real": pl.Float64(), "text": pl.String(), "blob": pl.Binary()}


@dataclass(frozen=True)
class Sqlite(Database):
    """`sqlite:///shop.sqlite` from the project's root, `sqlite:////data/shop.sqlite` from `/`."""

    title: ClassVar[str] = "SQLite"
    kinds: ClassVar[frozenset[str]] = frozenset({"sqlite"})

    @property
    def path(self) -> Path:
        return project_root() / self.url.file

    def holds(self, database: str) -> bool:
        return database in ("main", self.path.stem)

    def session(self, label: str) -> "SqliteSession":
        return SqliteSession(self, label)


class SqliteSession(Session):
    def __init__(self, database: Sqlite, label: str) -> None:
        self._database, self._label = database, label
        path = database.path
        if not path.is_file():
            hint = closest(path.name, [file.name for file in path.parent.glob("*")])
            raise ConnectionFailedError(f"{self._named}: there is no file {path}{hint}")
        with self._told():
            address = f"{path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(
                address, uri=True, check_same_thread=False, isolation_level=None, timeout=60
            )
            self._connection.execute("pragma query_only = on")
            self._connection.execute("begin")

    def columns(self, query: str) -> Sequence[Column]:
        """Reads all values once for the kinds of each column: no declaration holds them to one."""
        names = self.names(query)
        with self._told():
            parts = [part for name in names for part in _kinds(self._database.quoted(name))]
            counted = f"select {', '.join(parts)} from {nested(query)}"  # noqa: S608
            counts = self._connection.execute(counted).fetchone()
        each = len(_kinds(""))
        return [
            _column(name, self._database.quoted(name), *counts[at * each : (at + 1) * each])
            for at, name in enumerate(names)
        ]

    def names(self, query: str) -> Sequence[str]:
        none = f"select * from {nested(query)} limit 0"  # noqa: S608 - the author's
        with self._told():
            names = [part[0] for part in self._connection.execute(none).description]
            if any(_SECOND.search(name) for name in names):  # as it is called in there
                names = [part[0] for part in self._connection.execute(query).description]
        check_names(names, self._named)
        return names

    def first_rows(self, query: str, most: int) -> list[tuple[object, ...]]:
        with self._told():
            return self._connection.execute(query).fetchmany(most)

    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        rows = self._database.spec.fetch_mb * ROWS_IN_A_MB
        schema = {column.name: column.dtype for column in columns if column.left_out is None}
        with self._told():
            found = self._connection.execute(selected(query, columns, self._database))
            while fetched := found.fetchmany(rows):
                yield pl.DataFrame(fetched, schema=schema, orient="row")

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def tables(self) -> Sequence[str]:
        query = "select name from sqlite_master where type in ('table', 'view') order by 1"
        return [name for (name,) in self._connection.execute(query)]

    def primary_key(self, table: Sequence[str]) -> Sequence[str]:
        query = f"select name from pragma_table_info({literal(table[-1])}) where pk > 0"  # noqa: S608
        return [name for (name,) in self._connection.execute(query)]

    def cancel(self) -> None:
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()

    @property
    def _named(self) -> str:
        return f"{self._label}: {self._database.name}"

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            reason = self._reason(error)
            hushed(error)
            raise QueryError(f"{self._named}: {reason}") from None

    def _reason(self, error: sqlite3.Error) -> str:
        text = str(error)
        missing = text.removeprefix("no such table: ")
        if missing != text:
            return f"{text}{closest(missing, list(self.tables()))}"
        if text.startswith(("no such", "near ", "ambiguous", "misuse of", "wrong number")):
            return text  # it speaks of the query
        if "not a database" in text:
            return f"{self._database.path} is no file of SQLite"
        if "locked" in text:
            return "another process writes to it; read it again later"
        return f"SQLite could not give the rows ({getattr(error, 'sqlite_errorname', 'error')})"


def _kinds(name: str) -> Sequence[str]:
    kinds = [f"coalesce(sum(typeof({name}) = '{kind}'), 0)" for kind in _TYPES]
    beyond = f"{name} not between -{_BEYOND} and {_BEYOND}"
    return [*kinds, f"max(typeof({name}) = 'integer' and {beyond})"]


def _as_text(name: str) -> str:
    """A real in the fewest digits that give it back."""
    forms = [f"printf('%!.{digits}g', {name})" for digits in (15, 16, 17)]
    shorter = "".join(f" when cast({form} as real) = {name} then {form}" for form in forms[:-1])
    real = f"case{shorter} else {forms[-1]} end"
    return f"case typeof({name}) when 'real' then {real} else cast({name} as text) end"


def _column(
    name: str, quoted: str, integers: int, reals: int, texts: int, blobs: int, beyond: int
) -> Column:
    if blobs and (integers or reals or texts):
        why = f"it has bytes beside other values; write cast({name} as text) in a query"
        return Column(name=name, kind="mixed", dtype=pl.String(), left_out=why)
    if (texts and (integers or reals)) or (reals and integers and beyond):
        # Which a float would not keep, and a cast would round to 15 digits.
        return Column(name=name, kind="mixed", dtype=pl.String(), sql=_as_text(quoted))
    kinds = {"blob": blobs, "text": texts, "real": reals, "integer": integers}
    kind = next((kind for kind, count in kinds.items() if count), None)
    return Column(name=name, kind=kind or NOTHING, dtype=_TYPES[kind or "text"])
