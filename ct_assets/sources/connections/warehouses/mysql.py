"""Mysql reads MySQL and MariaDB through a cursor on the server, as text that polars converts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import polars as pl

from ct_assets.sources.connections.database import Column, Database, Session, nested, selected
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.connections.warehouses.mysql_types import TIMESTAMP, column_of, converted
from ct_assets.sources.connections.warehouses.server_errors.mysql_errors import MysqlErrors
from ct_assets.sql import literal

CONNECT_SECONDS = 15
ROWS_IN_A_MB = 1_000
"""About as many as a megabyte has: the driver counts rows."""


@dataclass(frozen=True)
class Mysql(Database):
    title: ClassVar[str] = "MySQL"
    kinds: ClassVar[frozenset[str]] = frozenset({"mysql", "mariadb"})
    escapes: ClassVar[bool] = True

    def quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def literal(self, value: str, column: Column) -> str:
        if column.kind != TIMESTAMP:
            return super().literal(value, column)
        return f"from_unixtime({datetime.fromisoformat(value).timestamp():f})"

    def lower_bound(self, value: str, column: Column) -> str:
        """A day less where one hour of each year comes twice."""
        if column.kind != TIMESTAMP or self.spec.time_zone == "UTC":
            return self.literal(value, column)
        return self.literal(str(datetime.fromisoformat(value) - timedelta(days=1)), column)

    def session(self, label: str) -> "MysqlSession":
        errors = MysqlErrors(self, label)
        with errors.told():
            session = MysqlSession(self, errors, self.connected())
        try:
            session.begin()
        except BaseException:
            session.__exit__()
            raise
        return session

    def connected(self) -> Any:  # noqa: ANN401 - without stubs
        """A connection whose values stay the text that the server sends."""
        pymysql: Any = driver("pymysql", "mysql")
        options = self.url.options
        return pymysql.connect(
            host=self.url.host,
            port=self.url.parts.port or 3306,
            user=self.url.user,
            password=self.url.password,
            database=self.url.database or None,
            unix_socket=options.get("unix_socket"),
            ssl_ca=options.get("ssl_ca"),
            ssl={} if options.get("ssl") in ("true", "on", "1") else None,
            charset="utf8mb4",
            conv={},
            connect_timeout=CONNECT_SECONDS,
            autocommit=True,
            program_name="ct_assets",
        )


class MysqlSession(Session):
    def __init__(self, database: Mysql, errors: MysqlErrors, connection: Any) -> None:  # noqa: ANN401
        self._database = database
        self._errors = errors
        self._connection = connection

    def begin(self) -> None:
        spec = self._database.spec
        zone = "+00:00" if spec.time_zone == "UTC" else spec.time_zone
        with self._errors.told():
            self._run(f"set session time_zone = {literal(zone)}")
            self._run("set session transaction isolation level repeatable read")
            if spec.timeout_minutes is not None:
                seconds = spec.timeout_minutes * 60
                if self.is_mariadb:
                    self._run(f"set session max_statement_time = {seconds:.3f}")
                else:
                    self._run(f"set session max_execution_time = {max(round(seconds * 1000), 1)}")
            self._run("start transaction read only")

    @property
    def is_mariadb(self) -> bool:
        return "MariaDB" in str(self._connection.get_server_info())

    def columns(self, query: str) -> Sequence[Column]:
        none = f"select * from {nested(query)} limit 0"  # noqa: S608 - the author's
        with self._errors.told(self.tables), self._connection.cursor() as cursor:
            cursor.execute(none)
            fields = cursor._result.fields  # noqa: SLF001 - the flags are nowhere else
            return [column_of(field, self._database) for field in fields]

    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        from pymysql.cursors import SSCursor

        rows = self._database.spec.fetch_mb * ROWS_IN_A_MB
        kept = [column for column in columns if column.left_out is None]
        with self._errors.told(self.tables), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(selected(query, columns, self._database))
            while fetched := cursor.fetchmany(rows):
                yield converted(fetched, kept)

    def version(self) -> str:
        version = self._connection.get_server_info().removeprefix("5.5.5-")
        return f"MariaDB {version}" if self.is_mariadb else f"MySQL {version}"

    def tables(self) -> Sequence[str]:
        with self._errors.told(), self._connection.cursor() as cursor:
            cursor.execute(_TABLES)
            return [".".join(row) for row in cursor.fetchall()]

    def primary_key(self, table: Sequence[str]) -> Sequence[str]:
        schema = literal(table[-2]) if len(table) > 1 else "database()"
        with self._errors.told(), self._connection.cursor() as cursor:
            cursor.execute(_KEY.format(schema=schema, table=literal(table[-1])))
            return [str(name) for (name,) in cursor.fetchall()]

    def cancel(self) -> None:
        number = self._connection.thread_id()
        with self._database.connected() as other, other.cursor() as cursor:
            cursor.execute(f"kill query {int(number)}")

    def close(self) -> None:
        # Not by a goodbye: it would first read what is left of the rows.
        self._connection._force_close()  # noqa: SLF001

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)


_KEY = """
select column_name from information_schema.key_column_usage
where constraint_name = 'PRIMARY' and table_schema = {schema} and table_name = {table}
"""
_TABLES = """
select table_schema, table_name from information_schema.tables
where table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys')
order by 1, 2 limit 5000
"""
