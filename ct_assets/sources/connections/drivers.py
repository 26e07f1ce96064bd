"""Drivers are installed as extras; a missing one is told with the command that installs it."""

import importlib
from collections.abc import Mapping
from types import ModuleType

from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.connections.connection_url import ConnectionUrl
from ct_assets.sources.connections.database import ConnectionFailedError, Database

_HERE = "ct_assets.sources.connections.warehouses"


DRIVERS: Mapping[str, str] = {
    "postgresql": "postgres.Postgres",
    "postgres": "postgres.Postgres",
    "redshift": "redshift.Redshift",
    "mysql": "mysql.Mysql",
    "mariadb": "mysql.Mysql",
    "sqlite": "sqlite.Sqlite",
    "duckdb": "duckdb_file.DuckdbFile",
    "snowflake": "snowflake.Snowflake",
    "bigquery": "bigquery.Bigquery",
    "databricks": "databricks.Databricks",
}
"""By the scheme of the URL: a module of `warehouses`, with its class behind a dot."""
_OTHERS = {"athena", "clickhouse", "mssql", "oracle", "trino"}
KINDS = _OTHERS | {
    "bigquery",
    "databricks",
    "duckdb",
    "mariadb",
    "mysql",
    "postgres",
    "postgresql",
    "redshift",
    "snowflake",
    "sqlite",
}
"""Kinds of assets in databases, as Dagster's catalog shows them, known here or not."""


def database_of(spec: ConnectionSpec, url: str) -> Database:
    """The database of a URL; nothing is opened.

    Raises:
        UrlError: It is no URL of a database that is known.
    """
    parsed = ConnectionUrl.of(url, DRIVERS)
    module, _, name = DRIVERS[parsed.kind].partition(".")
    kind: type[Database] = getattr(importlib.import_module(f"{_HERE}.{module}"), name)
    return kind(spec, parsed)


def driver(module: str, extra: str) -> ModuleType:
    """The module of a driver.

    Raises:
        ConnectionFailedError: It is not installed; the message has the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConnectionFailedError(
            f"its driver is not installed ({error.name or module}): pip install "
            f"'ct-assets[{extra}]'"
        ) from None
