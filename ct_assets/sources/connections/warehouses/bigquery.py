"""Bigquery is read by Google's client: Arrow of its storage API, or pages of its REST API."""

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from ct_assets.errors import UserError
from ct_assets.mapping.convert.column_types import MOST_DIGITS
from ct_assets.sources.connections.database import Column, Database, Session, selected
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.connections.repeated_names import check_names
from ct_assets.sources.connections.warehouses.arrow_batches import plain
from ct_assets.sources.connections.warehouses.server_errors.bigquery_errors import BigqueryErrors
from ct_assets.sources.query_errors import ONLY_READS, QueryError

EXTRA = "bigquery"
ROWS_IN_A_MB = 1_000
"""About as many as a megabyte has: pages are counted in rows."""
_TYPES: Mapping[str, pl.DataType] = {
    "STRING": pl.String(),
    "INTEGER": pl.Int64(),
    "FLOAT": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "BYTES": pl.Binary(),
    "DATE": pl.Date(),
    "DATETIME": pl.Datetime("us"),
    "TIMESTAMP": pl.Datetime("us", "UTC"),
}
_ALSO = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
_NUMERIC = (38, 9)


@dataclass(frozen=True)
class Bigquery(Database):
    """`bigquery://project/dataset?location=EU&credentials_path=/keys/reader.json`.

    Without `credentials_path` or `credentials_base64`, by the credentials of the environment.
    """

    title: ClassVar[str] = "BigQuery"
    kinds: ClassVar[frozenset[str]] = frozenset({"bigquery"})
    reads_others: ClassVar[bool] = True
    escapes: ClassVar[bool] = True

    def quoted(self, name: str) -> str:
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

    def session(self, label: str) -> "BigquerySession":
        errors = BigqueryErrors(self, label)
        with errors.told():
            driver("pyarrow", EXTRA)
            return BigquerySession(self, errors)

    def client(self) -> Any:  # noqa: ANN401 - of an extra
        """Google's client of its REST API; an `api_endpoint` is that of a stand-in."""
        bigquery: Any = driver("google.cloud.bigquery", EXTRA)
        options, endpoint = self.url.options, self.url.options.get("api_endpoint")
        return bigquery.Client(
            project=self.url.host,
            credentials=self._credentials(),
            location=options.get("location"),
            client_options={"api_endpoint": endpoint} if endpoint else None,
        )

    def _credentials(self) -> Any:  # noqa: ANN401
        options = self.url.options
        service: Any = driver("google.oauth2.service_account", EXTRA)
        if "credentials_path" in options:
            return service.Credentials.from_service_account_file(options["credentials_path"])
        if "credentials_base64" in options:
            try:
                info = json.loads(base64.b64decode(options["credentials_base64"]))
            except ValueError:
                raise UserError("its credentials_base64 is no key of Google in base64") from None
            return service.Credentials.from_service_account_info(info)
        if "api_endpoint" in options:
            return driver("google.auth.credentials", EXTRA).AnonymousCredentials()
        return None

    def job(self, *, dry_run: bool = False) -> Any:  # noqa: ANN401
        bigquery: Any = driver("google.cloud.bigquery", EXTRA)
        zone = bigquery.ConnectionProperty("time_zone", self.spec.time_zone)
        config = bigquery.QueryJobConfig(
            dry_run=dry_run, use_legacy_sql=False, connection_properties=[zone]
        )
        if self.url.database:
            config.default_dataset = f"{self.url.host}.{self.url.database}"
        if self.spec.timeout_minutes is not None:
            config.job_timeout_ms = max(round(self.spec.timeout_minutes * 60_000), 1)
        return config


class BigquerySession(Session):
    def __init__(self, database: Bigquery, errors: BigqueryErrors) -> None:
        self._database = database
        self._errors = errors
        self._client = database.client()
        self._job: Any = None

    def columns(self, query: str) -> Sequence[Column]:
        """By a dry run, which reads nothing and costs nothing."""
        with self._errors.told(self.tables, of_query=True):
            job = self._client.query(query, job_config=self._database.job(dry_run=True))
            if job.statement_type not in (None, "SELECT"):
                raise QueryError(ONLY_READS)
            columns = [_column(field, self._database) for field in job.schema or ()]
        check_names((column.name for column in columns), self._errors.before)
        return columns

    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        with self._errors.told():
            query = selected(query, columns, self._database)
            self._job = self._client.query(query, job_config=self._database.job())
            size = self._database.spec.fetch_mb * ROWS_IN_A_MB
            rows = self._job.result(page_size=size)
            with self._storage() as storage:
                for batch in rows.to_arrow_iterable(bqstorage_client=storage, max_queue_size=2):
                    yield plain(batch)

    def version(self) -> str:
        with self._errors.told():
            next(iter(self._client.query("select 1", job_config=self._database.job()).result()))
        return "BigQuery"

    def tables(self) -> Sequence[str]:
        dataset = self._database.url.database
        if not dataset:
            return []
        with self._errors.told():
            found = self._client.list_tables(f"{self._database.url.host}.{dataset}")
            return [f"{table.dataset_id}.{table.table_id}" for table in found]

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        self._client.close()

    @contextlib.contextmanager
    def _storage(self) -> Iterator[Any]:
        """The client of the storage API, which gives Arrow; a stand-in has none."""
        if "api_endpoint" in self._database.url.options:
            yield None
            return
        storage: Any = driver("google.cloud.bigquery_storage", EXTRA)
        client = storage.BigQueryReadClient(credentials=self._client._credentials)  # noqa: SLF001
        try:
            yield client
        finally:
            client.transport.close()


def _column(field: Any, database: Bigquery) -> Column:  # noqa: ANN401 - of an extra
    kind = _ALSO.get(field.field_type, field.field_type)
    name, quoted = field.name, database.quoted(field.name)
    if kind in ("GEOGRAPHY", "RASTER"):
        why = f"its type {kind.lower()} is not read; write st_asgeojson({name}) in a query"
        return Column(name=name, kind=kind.lower(), dtype=pl.String(), left_out=why)
    if field.mode == "REPEATED":
        return _list(field, kind, quoted)
    shown = kind.lower()
    if kind == "NUMERIC":
        digits, places = (field.precision, field.scale or 0) if field.precision else _NUMERIC
        shown = f"numeric({digits},{places})"
        return Column(name=name, kind=shown, dtype=pl.Decimal(digits, places))
    if kind == "BIGNUMERIC":  # of up to 76 digits, as text until all rows are read
        as_text, dtype = f"cast({quoted} as string)", pl.Decimal(MOST_DIGITS, 0)
        return Column(name=name, kind=shown, dtype=dtype, sql=as_text, any_digits=True)
    if kind in _TYPES:
        return Column(name=name, kind=shown, dtype=_TYPES[kind])
    json_text = kind in ("RECORD", "JSON")
    as_text = f"to_json_string({quoted})" if json_text else f"cast({quoted} as string)"
    return Column(name=name, kind=shown, dtype=pl.String(), sql=as_text)


def _list(field: Any, kind: str, quoted: str) -> Column:  # noqa: ANN401
    """BigQuery has no list that is null: one without values is empty."""
    shown = f"array<{kind.lower()}>"
    if kind in _TYPES:
        return Column(name=field.name, kind=shown, dtype=pl.List(_TYPES[kind]))
    if kind == "NUMERIC":
        dtype = pl.List(pl.Decimal(*_NUMERIC))
        return Column(name=field.name, kind=shown, dtype=dtype)
    return Column(name=field.name, kind=shown, dtype=pl.String(), sql=f"to_json_string({quoted})")
