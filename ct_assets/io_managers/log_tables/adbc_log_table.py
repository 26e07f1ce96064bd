"""AdbcLogTable is the table of a sync's log in Postgres or Snowflake, filled by ADBC."""

# ruff: noqa: S608 -- statements are put together from names of declarations, which are checked

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ct_assets.io_managers.log_tables.log_table import COLUMNS, Delivered, LogTable, of_sync

ROWS = 20_000
"""That are read and sent at once."""


class AdbcLogTable(LogTable):
    """Rows are ingested as Arrow, one delivery in one transaction where the database has these."""

    def __init__(self, connection: Any, table: str, *, is_snowflake: bool) -> None:  # noqa: ANN401
        self._connection = connection
        self._cursor = connection.cursor()
        self._table = table
        self._is_snowflake = is_snowflake
        kinds = {"timestamptz": "timestamp_tz"} if is_snowflake else {}
        declared = ", ".join(f"{name} {kinds.get(t, t)}" for name, t in COLUMNS.items())
        schema = table.rpartition(".")[0]
        if schema and not self._exists(schema):
            self._cursor.execute(f"create schema if not exists {schema}")
        self._cursor.execute(f"create table if not exists {table} ({declared})")
        self._commit()

    def _exists(self, schema: str) -> bool:
        """Whoever may write to a table may not always make a schema."""
        name = schema.rpartition(".")[2]
        self._cursor.execute(
            "select count(*) from information_schema.schemata"
            f" where lower(schema_name) = '{name.lower()}'"
        )
        return bool(self._cursor.fetchone()[0])

    def counts(self, sync: str, destination: str) -> Mapping[Delivered, int]:
        self._cursor.execute(
            f"select state, delivery, count(*) from {self._table}"
            f" where {of_sync(sync, destination)} group by 1, 2"
        )
        rows = self._cursor.fetchall()
        self._commit()
        return {
            Delivered(sync, destination, state, int(number)): int(n) for state, number, n in rows
        }

    def replace(self, delivered: Delivered, file: Path) -> None:
        if not self._is_snowflake:
            # Nobody else takes the same delivery in meanwhile.
            self._cursor.execute(f"lock table {self._table} in share row exclusive mode")
        self._cursor.execute(f"delete from {self._table} where {delivered.condition}")
        *schema, name = self._table.split(".")
        place: dict[str, str] = {"db_schema_name": schema[-1]} if schema else {}
        if len(schema) > 1:
            place["catalog_name"] = schema[0]
        if self._is_snowflake:
            name, place = name.upper(), {key: value.upper() for key, value in place.items()}
        rows = _rows(file, upper=self._is_snowflake)
        self._cursor.adbc_ingest(name, rows, mode="append", **place)
        self._commit()

    def delete(self, condition: str) -> None:
        self._cursor.execute(f"delete from {self._table} where {condition}")
        self._commit()

    def _commit(self) -> None:
        if not self._is_snowflake:  # which commits each statement by itself
            self._connection.commit()

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()


def _rows(file: Path, *, upper: bool) -> Any:  # noqa: ANN401 - pyarrow's, an extra
    """The rows a few at a time, however many the delivery has; Snowflake's names are upper case."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "varchar": pa.string(),
        "bigint": pa.int64(),
        "integer": pa.int32(),
        "timestamptz": pa.timestamp("us", "UTC"),
    }
    known = parquet.ParquetFile(file)
    schema = pa.schema([(n.upper() if upper else n, types[kind]) for n, kind in COLUMNS.items()])
    batches = (
        pa.RecordBatch.from_arrays(
            [batch.column(n).cast(types[kind]) for n, kind in COLUMNS.items()], schema=schema
        )
        for batch in known.iter_batches(batch_size=ROWS, columns=list(COLUMNS))
    )
    return pa.RecordBatchReader.from_batches(schema, batches)
