"""Postgres is read by its ADBC driver: COPY in binary, as Arrow, in one read-only transaction."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import polars as pl

from ct_assets.errors import closest
from ct_assets.sources.connections.database import (
    Column,
    Database,
    Session,
    name_parts,
    selected,
)
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.connections.warehouses.arrow_batches import plain
from ct_assets.sources.connections.warehouses.postgres_types import NAMED, column_of, oid_of
from ct_assets.sources.connections.warehouses.server_errors.postgres_errors import (
    PostgresErrors,
    missing,
)
from ct_assets.sql import literal

CONNECT_SECONDS = 15


@dataclass(frozen=True)
class Postgres(Database):
    title: ClassVar[str] = "Postgres"
    kinds: ClassVar[frozenset[str]] = frozenset({"postgres", "postgresql"})

    def session(self, label: str) -> "PostgresSession":
        errors = PostgresErrors(self, label)
        with errors.told():
            dbapi: Any = driver("adbc_driver_postgresql.dbapi", "postgres")
            driver("pyarrow", "postgres")
            connection = dbapi.connect(self.address)
        session = self.started(connection, errors)
        try:
            session.begin()
        except BaseException:
            session.__exit__()
            raise
        return session

    def started(self, connection: Any, errors: PostgresErrors) -> "PostgresSession":  # noqa: ANN401
        return PostgresSession(self, connection, errors)

    @property
    def address(self) -> str:
        """The URL as libpq takes it."""
        options = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "ct_assets"}
        query = urlencode({**options, **self.url.options}, quote_via=quote)  # libpq knows no +
        parts = self.url.parts._replace(scheme="postgresql", query=query)
        return parts.geturl()


class PostgresSession(Session):
    def __init__(self, database: Postgres, connection: Any, errors: PostgresErrors) -> None:  # noqa: ANN401 - without stubs
        self.database = database
        self.connection = connection
        self.errors = errors
        self.cursor = connection.cursor()

    def begin(self) -> None:
        """Starts the transaction, before any query of it."""
        spec = self.database.spec
        with self.errors.told():
            self.cursor.execute("set transaction isolation level repeatable read, read only")
            self.cursor.execute(f"set local time zone {literal(spec.time_zone)}")
            if spec.timeout_minutes is not None:
                milliseconds = max(round(spec.timeout_minutes * 60_000), 1)
                self.cursor.execute(f"set local statement_timeout = {milliseconds}")

    def columns(self, query: str) -> Sequence[Column]:
        with self.explained():
            fields = list(self.cursor.adbc_execute_schema(query))
            unknown = sorted({oid for field in fields if (oid := oid_of(field)) is not None})
            named = self._rows(NAMED.format(", ".join(map(str, unknown)))) if unknown else []
        types = {int(row[0]): (str(row[1]), str(row[2])) for row in named}
        columns = [column_of(field, types, self.database.quoted) for field in fields]
        self.errors.check_names(columns)
        return columns

    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        with self.explained():
            query = selected(query, columns, self.database)
            size = self.database.spec.fetch_mb << 20
            options = {"adbc.postgresql.batch_size_hint_bytes": str(size)}
            self.cursor.adbc_statement.set_options(**options)
            self.cursor.execute(query)
            for batch in self.cursor.fetch_record_batch():
                yield plain(batch)

    def version(self) -> str:
        return f"PostgreSQL {self._rows(_VERSION)[0][0]}"

    def tables(self) -> Sequence[str]:
        return [f"{schema}.{table}" for schema, table in self._rows(_TABLES)]

    def primary_key(self, table: Sequence[str]) -> Sequence[str]:
        named = ".".join(map(self.database.quoted, table))
        return [name for (name,) in self._rows(_KEY.format(literal(named)))]

    def cancel(self) -> None:
        self.cursor.adbc_cancel()

    def close(self) -> None:
        self.cursor.close()
        self.connection.close()

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.errors.told():
            self.cursor.execute(query)
            return list(self.cursor.fetchall())

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """A table that is not there is told with the name of one that is."""
        with self.errors.told(hint=self._closest):
            yield

    def _closest(self, error: BaseException) -> str:
        table = missing(error)
        if table is None:
            return ""
        with contextlib.suppress(Exception):
            self.connection.rollback()
            self.begin()
            *schema, name = name_parts(table)
            tables = self.tables()
            same = [found for found in tables if found.split(".", 1)[1].lower() == name.lower()]
            known = [found if schema else found.split(".", 1)[1] for found in tables]
            if same:
                return f"; there is {' and '.join(same)}"
            return closest(table, known)
        return ""


_KEY = """
select attname::text from pg_catalog.pg_index
join pg_catalog.pg_attribute on attrelid = indrelid and attnum = any(indkey)
where indisprimary and indrelid = {}::regclass
"""
_VERSION = "select current_setting('server_version')"
_TABLES = """
select table_schema, table_name from information_schema.tables
where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2 limit 5000
"""
