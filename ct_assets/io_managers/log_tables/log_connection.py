"""Opens the table of a sync's log in the database of a connection."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from ct_assets.errors import UserError
from ct_assets.io_managers.log_tables.adbc_log_table import AdbcLogTable
from ct_assets.io_managers.log_tables.duckdb_log_table import duckdb_log_table
from ct_assets.io_managers.log_tables.log_table import LogTable
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.connections.warehouses.duckdb_file import DuckdbFile
from ct_assets.sources.connections.warehouses.postgres import Postgres
from ct_assets.sources.connections.warehouses.server_errors.postgres_errors import PostgresErrors
from ct_assets.sources.connections.warehouses.server_errors.snowflake_errors import SnowflakeErrors
from ct_assets.sources.connections.warehouses.snowflake import Snowflake

PATIENCE = timedelta(minutes=10)


@contextlib.contextmanager
def log_table(
    connection: DeclaredConnection,
    table: str,
    label: str,
    waiting: Callable[[str], object] = lambda _: None,
) -> Iterator[LogTable]:
    """The table; `label` names the log in errors.

    Raises:
        UserError: The database cannot be reached, is of a kind that no log is written to, or does
            not let this user write. What is in the log's files goes with the next run.
    """
    database = connection.database()
    if isinstance(database, DuckdbFile):
        with duckdb_log_table(database.path, table, PATIENCE, waiting) as opened:
            yield opened
    elif type(database) is Postgres:
        errors = PostgresErrors(database, label)
        with errors.told():
            driver("pyarrow", "postgres")
            dbapi: Any = driver("adbc_driver_postgresql.dbapi", "postgres")
            with contextlib.closing(dbapi.connect(database.address)) as opened_by:
                yield AdbcLogTable(opened_by, table, is_snowflake=False)
    elif isinstance(database, Snowflake):
        with SnowflakeErrors(database, label).told():
            driver("pyarrow", "snowflake")
            dbapi = driver("adbc_driver_snowflake.dbapi", "snowflake")
            made = dbapi.connect(db_kwargs=database.settings, autocommit=True)
            with contextlib.closing(made) as opened_by:
                yield AdbcLogTable(opened_by, table, is_snowflake=True)
    else:
        raise UserError(
            f"{label}: {database.name} is {database.title}, where no log is written; name a "
            "DuckDB, Postgres or Snowflake"
        )
