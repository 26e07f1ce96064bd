"""Database says what a kind of database must be able to do for its rows to be read.

To add a kind: a module in `warehouses` with a subclass of `Database` and one of `Session`, and one
line in `DRIVERS`. A subclass

* opens a session that cannot write, whose memory does not grow with the rows;
* says what each type of its columns becomes, or has a column refused with the cast to write;
* tells errors of the driver in words of ours: the driver's own may quote passwords and rows.
"""

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import polars as pl

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.connections.connection_url import ConnectionUrl
from ct_assets.sql import literal, name_sql

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


NOTHING = "null"
"""The kind of a column without a value, where values have the types and not columns."""


class ConnectionFailedError(UserError):
    """A database cannot be reached, or ended a query; the message quotes no password and no row."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a query, and how it is read."""

    name: str
    kind: str
    """Its type, as the database calls it."""
    dtype: pl.DataType
    """The type that it is staged as."""
    sql: str | None = None
    """SQL that is selected in its place; left out, the column as it is."""
    any_digits: bool = False
    """Whether it is a decimal whose digits are known only once all rows are read."""
    left_out: str | None = None
    """Why it is not read, and what to write, if it is not."""
    flat: str | None = None
    """SQL that is true where its list has lists in it, which the driver would run together."""


@dataclass(frozen=True)
class Database(ABC):
    """A database that a connection names; nothing is opened before a session is."""

    spec: ConnectionSpec
    url: ConnectionUrl

    title: ClassVar[str]
    """`Postgres`, for people."""
    kinds: ClassVar[frozenset[str]]
    """The kind that Dagster's catalog shows of assets in it, such as `postgres`."""
    reads_others: ClassVar[bool] = False
    """Whether a query may name tables of the account's other databases, too."""
    escapes: ClassVar[bool] = False
    """Whether it takes a backslash in a text as MySQL does."""

    @abstractmethod
    def session(self, label: str) -> "Session":
        """Opens a session; `label` names the source in errors.

        Raises:
            ConnectionFailedError: The database cannot be reached, or lets this user not in.
        """

    def holds(self, database: str) -> bool:
        """Whether the tables of a database of this name are in reach."""
        return self.reads_others or database == self.url.database

    def table_query(self, table: str) -> str:
        """The rows of a table, whose name has its schema before a dot."""
        return f"select * from {self.named(table)}"  # noqa: S608 - quoted

    def named(self, table: str) -> str:
        return ".".join(self.quoted(part) for part in name_parts(table))

    def quoted(self, name: str) -> str:
        return name_sql(name)

    def literal(self, value: str, column: "Column") -> str:
        """A value of a column, given as text, as SQL compares it with the column."""
        is_number = column.dtype.is_numeric() and _NUMBER.fullmatch(value)
        return value if is_number else literal(value)

    def lower_bound(self, value: str, column: "Column") -> str:
        """The same, or less where the value may be written in two ways."""
        return self.literal(value, column)

    @property
    def name(self) -> str:
        """The connection, as messages name it."""
        return f"connection {self.spec.name}"


class Session(ABC):
    """An open connection to a database, for one query after the other."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self.close()

    @abstractmethod
    def columns(self, query: str) -> Sequence[Column]:
        """The columns of a query, which is not run for them."""

    @abstractmethod
    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        """Runs a query of these columns; its rows come in order, some megabytes at a time.

        Columns of the tests in `flat` come behind them.
        """

    def names(self, query: str) -> Sequence[str]:
        """The names of the columns of a query."""
        return [column.name for column in self.columns(query)]

    def first_rows(self, query: str, most: int) -> list[tuple[object, ...]]:
        """The first rows of a query, for those that have few."""
        rows: list[tuple[object, ...]] = []
        for batch in self.batches(query, self.columns(query)):
            rows += batch.head(most - len(rows)).rows()
            if len(rows) == most:
                break
        return rows

    @abstractmethod
    def version(self) -> str:
        """Of the server, such as `PostgreSQL 16.4`."""

    @abstractmethod
    def tables(self) -> Sequence[str]:
        """The tables and views that this user can read, with their schemas."""

    def primary_key(self, table: Sequence[str]) -> Sequence[str]:  # noqa: ARG002
        """The columns of a table's primary key, as far as the database tells."""
        return ()

    @abstractmethod
    def cancel(self) -> None:
        """Ends the query that another thread waits for, on the server too."""

    @abstractmethod
    def close(self) -> None: ...


def name_parts(table: str) -> list[str]:
    """`a."b.c"` as `a` and `b.c`."""
    found = re.findall(r'"((?:[^"]|"")*)"|`([^`]*)`|([^."`]+)', table)
    return [quoted.replace('""', '"') or ticked or plain for quoted, ticked, plain in found]


def nested(query: str) -> str:
    """A query to be selected from; a comment at its end stays one."""
    return f"(\n{query}\n) as q"


def selected(query: str, columns: Sequence[Column], database: Database) -> str:
    """The query with what is selected in place of its columns, and with the tests of its lists."""
    if not any(column.sql or column.flat or column.left_out for column in columns):
        return query
    parts = []
    for column in columns:
        if column.left_out:
            continue
        name = database.quoted(column.name)
        parts.append(f"{column.sql} as {name}" if column.sql else name)
    tests = [column.flat for column in columns if column.flat]
    parts += [f"{test} as {database.quoted(f'__lists {i}')}" for i, test in enumerate(tests)]
    return f"select {', '.join(parts)} from {nested(query)}"  # noqa: S608 - the author's
