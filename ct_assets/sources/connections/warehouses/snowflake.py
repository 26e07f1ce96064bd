"""Snowflake is read by its ADBC driver, as Arrow, in a session of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import polars as pl

from ct_assets.sources.connections.database import Column, Database, Session, name_parts, selected
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.connections.repeated_names import check_names
from ct_assets.sources.connections.warehouses.arrow_batches import plain
from ct_assets.sources.connections.warehouses.server_errors.snowflake_errors import SnowflakeErrors

_SQL = "adbc.snowflake.sql"
_WITHOUT_PASSWORD: Mapping[str, tuple[str, str]] = {
    "private_key_path": ("auth_jwt", f"{_SQL}.client_option.jwt_private_key"),
    "token": ("auth_pat", f"{_SQL}.client_option.auth_token"),
}
"""Options that may stand behind the URL, beside warehouse, role and the driver's own `adbc....`."""
_UTC, _LOCAL = pl.Datetime("us", "UTC"), pl.Datetime("us")
_TYPES: Mapping[str, pl.DataType] = {
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "real": pl.Float64(),
    "binary": pl.Binary(),
    "timestamp_ntz": _LOCAL,
    "timestamp_ltz": _UTC,
    "timestamp_tz": _UTC,
}
"""All others are text: VARIANT, OBJECT and ARRAY as JSON, GEOGRAPHY as GeoJSON."""


@dataclass(frozen=True)
class Snowflake(Database):
    """`snowflake://user:password@account/database/schema?warehouse=WH&role=READER`."""

    title: ClassVar[str] = "Snowflake"
    kinds: ClassVar[frozenset[str]] = frozenset({"snowflake"})
    reads_others: ClassVar[bool] = True
    escapes: ClassVar[bool] = True

    def named(self, table: str) -> str:
        """Names without signs are in upper case there, whatever the case here."""
        parts = name_parts(table)
        plain_name = re.compile(r"[A-Za-z_]\w*")
        return ".".join(p if plain_name.fullmatch(p) else self.quoted(p) for p in parts)

    def session(self, label: str) -> "SnowflakeSession":
        errors = SnowflakeErrors(self, label)
        with errors.told():
            dbapi: Any = driver("adbc_driver_snowflake.dbapi", "snowflake")
            driver("pyarrow", "snowflake")
            connection = dbapi.connect(db_kwargs=self.settings, autocommit=True)
        return SnowflakeSession(self, connection, errors)

    @property
    def settings(self) -> dict[str, str]:
        """As the driver takes them: what it does not know in its address is of the session."""
        options = dict(self.url.options)
        session = {"account": self.url.host, "TIMEZONE": self.spec.time_zone}
        session |= {name: options.pop(name) for name in ("warehouse", "role") if name in options}
        if self.spec.timeout_minutes is not None:
            seconds = max(round(self.spec.timeout_minutes * 60), 1)
            session["STATEMENT_TIMEOUT_IN_SECONDS"] = str(seconds)
        who = f"{quote(self.url.user, safe='')}:{quote(self.url.password, safe='')}"
        where = f"{self.url.host}/{quote(self.url.database)}?{urlencode(session)}"
        given = {
            "uri": f"{who}@{where}",
            f"{_SQL}.client_option.app_name": "ct_assets",
            f"{_SQL}.client_option.login_timeout": "30s",
            # To the nanosecond, 9999-12-31 would not fit.
            f"{_SQL}.client_option.max_timestamp_precision": "microseconds",
        }
        for name, (auth, setting) in _WITHOUT_PASSWORD.items():
            if name in options:
                given |= {f"{_SQL}.auth_type": auth, setting: options.pop(name)}
        return given | options


class SnowflakeSession(Session):
    def __init__(self, database: Snowflake, connection: Any, errors: SnowflakeErrors) -> None:  # noqa: ANN401
        self._database = database
        self._connection = connection
        self._errors = errors
        self._cursor = connection.cursor()

    def columns(self, query: str) -> Sequence[Column]:
        with self._errors.told():
            columns = [_column(field) for field in self._cursor.adbc_execute_schema(query)]
        check_names((column.name for column in columns), self._errors.before)
        return columns

    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        with self._errors.told():
            self._cursor.execute(selected(query, columns, self._database))
            for batch in self._cursor.fetch_record_batch():
                yield _fitted(plain(batch), columns)

    def version(self) -> str:
        return f"Snowflake {self._rows('select current_version()')[0][0]}"

    def tables(self) -> Sequence[str]:
        return [f"{schema}.{table}" for schema, table in self._rows(_TABLES)]

    def cancel(self) -> None:
        self._cursor.adbc_cancel()

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._errors.told():
            self._cursor.execute(query)
            return list(self._cursor.fetchall())


_TABLES = """
select table_schema, table_name from information_schema.tables
where table_schema <> 'INFORMATION_SCHEMA' order by 1, 2 limit 5000
"""


def _column(field: Any) -> Column:  # noqa: ANN401 - pyarrow's, an extra
    import pyarrow as pa

    kind = (field.metadata or {}).get(b"SNOWFLAKE_TYPE", b"").decode().lower()
    if pa.types.is_decimal(field.type):
        precision, scale = field.type.precision, field.type.scale
        name = f"number({precision},{scale})"
        return Column(name=field.name, kind=name, dtype=pl.Decimal(precision, scale))
    if pa.types.is_integer(field.type):
        return Column(name=field.name, kind=kind or "number", dtype=pl.Int64())
    return Column(name=field.name, kind=kind or "text", dtype=_TYPES.get(kind, pl.String()))


def _fitted(batch: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Times of the zone that their type has; the driver gives UTC to those of none."""
    zones: dict[str, pl.Expr] = {}
    for column in columns:
        found = batch.schema[column.name]
        if isinstance(column.dtype, pl.Datetime) and isinstance(found, pl.Datetime):
            wanted, value = column.dtype.time_zone, pl.col(column.name)
            if wanted is None:
                zones[column.name] = value.dt.replace_time_zone(None)
            elif found.time_zone is None:
                zones[column.name] = value.dt.replace_time_zone(wanted)
            elif found.time_zone != wanted:
                zones[column.name] = value.dt.convert_time_zone(wanted)
    return batch.with_columns(**zones)
