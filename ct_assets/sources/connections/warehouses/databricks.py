"""Databricks is read by its SQL connector, as Arrow, in a session of a SQL warehouse."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from ct_assets.sources.connections.database import Column, Database, Session, selected
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.connections.repeated_names import check_names
from ct_assets.sources.connections.warehouses.server_errors.databricks_errors import (
    DatabricksErrors,
)

EXTRA = "databricks"
CONNECT_SECONDS = 60
ROWS_IN_A_MB = 1_000
"""About as many as a megabyte has: the driver counts rows."""
_UTC, _LOCAL = pl.Datetime("us", "UTC"), pl.Datetime("us")
_TYPES: Mapping[str, pl.DataType] = {
    "tinyint": pl.Int8(),
    "smallint": pl.Int16(),
    "int": pl.Int32(),
    "bigint": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "string": pl.String(),
    "binary": pl.Binary(),
    "date": pl.Date(),
    "timestamp": _UTC,
    "timestamp_ntz": _LOCAL,
}
_AS_JSON = ("struct", "map", "array", "variant")


@dataclass(frozen=True)
class Databricks(Database):
    """`databricks://token:dapi...@host/catalog/schema?http_path=/sql/1.0/warehouses/abc`."""

    title: ClassVar[str] = "Databricks"
    kinds: ClassVar[frozenset[str]] = frozenset({"databricks"})
    reads_others: ClassVar[bool] = True
    escapes: ClassVar[bool] = True

    def quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def session(self, label: str) -> "DatabricksSession":
        errors = DatabricksErrors(self, label)
        with errors.told():
            sql: Any = driver("databricks.sql", EXTRA)
            driver("pyarrow", EXTRA)
            connection = sql.connect(**self.settings)
        return DatabricksSession(self, connection, errors)

    @property
    def settings(self) -> dict[str, Any]:
        """As the driver takes them; what is not known here of the options is its own."""
        catalog, _, schema = self.url.database.partition("/")
        session = {"timezone": self.spec.time_zone}
        if self.spec.timeout_minutes is not None:
            session["statement_timeout"] = str(max(round(self.spec.timeout_minutes * 60), 1))
        return {
            "_retry_stop_after_attempts_duration": CONNECT_SECONDS,
            **self.url.options,
            "server_hostname": self.url.host,
            "access_token": self.url.password,
            "catalog": catalog or None,
            "schema": schema or None,
            "session_configuration": session,
            "user_agent_entry": "ct_assets",
            "enable_telemetry": False,
            "force_enable_telemetry": False,
        }


class DatabricksSession(Session):
    def __init__(self, database: Databricks, connection: Any, errors: DatabricksErrors) -> None:  # noqa: ANN401 - of an extra
        self._database = database
        self._connection = connection
        self._errors = errors
        self._cursor = connection.cursor()

    def columns(self, query: str) -> Sequence[Column]:
        """As the server describes the query, without running it."""
        with self._errors.told(of_query=True):
            self._cursor.execute(f"describe query {query}")
            rows = self._cursor.fetchall()
        columns = [_column(row[0], row[1].lower(), self._database) for row in rows]
        check_names((column.name for column in columns), self._errors.before)
        return columns

    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        rows = self._database.spec.fetch_mb * ROWS_IN_A_MB
        with self._errors.told():
            self._cursor.execute(selected(query, columns, self._database))
            while (fetched := self._cursor.fetchmany_arrow(rows)).num_rows:
                frame = pl.from_arrow(fetched)
                yield _fitted(frame if isinstance(frame, pl.DataFrame) else frame.to_frame(),
                              columns)  # fmt: skip

    def version(self) -> str:
        with self._errors.told():
            self._cursor.execute("select current_version().dbsql_version")
            return f"Databricks SQL {self._cursor.fetchall()[0][0]}"

    def tables(self) -> Sequence[str]:
        with self._errors.told():
            self._cursor.execute(_TABLES)
            return [f"{row[0]}.{row[1]}" for row in self._cursor.fetchall()]

    def cancel(self) -> None:
        self._cursor.cancel()

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()


_TABLES = """
select table_schema, table_name from information_schema.tables
where table_schema <> 'information_schema' order by 1, 2 limit 5000
"""


def _column(name: str, kind: str, database: Databricks) -> Column:
    quoted = database.quoted(name)
    if decimal := re.fullmatch(r"decimal\((\d+),\s*(-?\d+)\)", kind):
        digits, places = int(decimal[1]), int(decimal[2])
        return Column(name=name, kind=kind, dtype=pl.Decimal(digits, places))
    plain = re.sub(r"\(.*|\s.*", "", kind)
    if plain in _TYPES:
        return Column(name=name, kind=kind, dtype=_TYPES[plain])
    member = re.fullmatch(r"array<(\w+)>", kind)
    if member and member[1] in _TYPES:
        return Column(name=name, kind=kind, dtype=pl.List(_TYPES[member[1]]))
    if plain.startswith(("geometry", "geography")):
        why = f"its type {kind} is not read; write st_asgeojson({name}) in a query"
        return Column(name=name, kind=kind, dtype=pl.String(), left_out=why)
    as_text = f"to_json({quoted})" if kind.startswith(_AS_JSON) else f"cast({quoted} as string)"
    sql = None if plain in ("varchar", "char") else as_text
    return Column(name=name, kind=kind, dtype=pl.String(), sql=sql)


def _fitted(batch: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Times of the zone that their type has; the driver gives moments in that of the session."""
    zones: dict[str, pl.Expr] = {}
    for column in columns:
        found = batch.schema.get(column.name)
        if not isinstance(column.dtype, pl.Datetime) or not isinstance(found, pl.Datetime):
            continue
        if column.dtype.time_zone is None and found.time_zone is not None:
            zones[column.name] = pl.col(column.name).dt.replace_time_zone(None)
        elif column.dtype.time_zone is not None and found.time_zone is None:
            zones[column.name] = pl.col(column.name).dt.replace_time_zone("UTC")
    return batch.with_columns(**zones)
