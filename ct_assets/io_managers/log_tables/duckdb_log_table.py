"""DuckdbLogTable is the table of a sync's log in a file of DuckDB."""

# ruff: noqa: S608 -- statements are put together from names of declarations, which are checked

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import duckdb

from ct_assets.errors import UserError, lock_holder
from ct_assets.files import private_dir
from ct_assets.io_managers.log_tables.log_table import COLUMNS, Delivered, LogTable, of_sync
from ct_assets.sql import opened, parquet_sql

POLL_SECONDS = 0.2


class DuckdbLogTable(LogTable):
    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        self._connection = connection
        self._table = table
        schema, _, _ = table.rpartition(".")
        if schema:
            connection.execute(f"create schema if not exists {schema}")
        declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"create table if not exists {table} ({declared})")

    def counts(self, sync: str, destination: str) -> Mapping[Delivered, int]:
        rows = self._connection.execute(
            f"select state, delivery, count(*) from {self._table}"
            f" where {of_sync(sync, destination)} group by 1, 2"
        )
        return {Delivered(sync, destination, *named): n for *named, n in rows.fetchall()}

    def replace(self, delivered: Delivered, file: Path) -> None:
        self._connection.execute("begin")
        try:
            self.delete(delivered.condition)
            self._connection.execute(f"insert into {self._table} by name from {parquet_sql(file)}")
            self._connection.execute("commit")
        except BaseException:
            self._connection.execute("rollback")
            raise

    def delete(self, condition: str) -> None:
        self._connection.execute(f"delete from {self._table} where {condition}")

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def duckdb_log_table(
    file: Path, table: str, patience: timedelta, waiting: Callable[[str], object]
) -> Iterator[LogTable]:
    """The table in `file`, which is made if it is not there; another process may have it a while.

    Raises:
        UserError: The file is locked for longer than `patience`, or is no database of DuckDB.
    """
    private_dir(file.parent)
    with contextlib.ExitStack() as stack:
        connection = _patiently(stack, file, patience, waiting)
        try:
            yield DuckdbLogTable(connection, table)
        except duckdb.Error as error:
            raise UserError(
                f"the log cannot be written to {table} ({type(error).__name__}); "
                "if its columns are others, rename the table: the next run makes it anew"
            ) from None


def _patiently(
    stack: contextlib.ExitStack, file: Path, patience: timedelta, waiting: Callable[[str], object]
) -> duckdb.DuckDBPyConnection:
    until, told = time.monotonic() + patience.total_seconds(), False
    while True:
        try:
            return stack.enter_context(opened(file))
        except duckdb.Error as error:
            holder = lock_holder(error)
            if not isinstance(error, duckdb.IOException | duckdb.ConnectionException):
                raise UserError(f"{file.name} is no database of DuckDB") from None
            busy = f"{file.name} is in use{f' by process {holder}' if holder else ''}"
            if time.monotonic() >= until:
                raise UserError(f"{busy}; the next run takes the log in") from None
            if not told:
                waiting(f"{busy}; the log waits for it")
                told = True
        time.sleep(POLL_SECONDS)
