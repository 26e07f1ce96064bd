"""Redshift is read by the driver of Postgres, whose protocol it speaks, through a cursor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from ct_assets.sources.connections.database import Column, selected
from ct_assets.sources.connections.warehouses.arrow_batches import plain
from ct_assets.sources.connections.warehouses.postgres import Postgres, PostgresSession
from ct_assets.sources.connections.warehouses.server_errors.postgres_errors import PostgresErrors

ROWS_IN_A_MB = 1_000
"""About as many as a megabyte has: the server counts rows."""


@dataclass(frozen=True)
class Redshift(Postgres):
    """For tables of some millions of rows; of more, read what UNLOAD wrote as Parquet files."""

    title: ClassVar[str] = "Redshift"
    kinds: ClassVar[frozenset[str]] = frozenset({"redshift"})

    def started(self, connection: Any, errors: PostgresErrors) -> "RedshiftSession":  # noqa: ANN401
        return RedshiftSession(self, connection, errors)


class RedshiftSession(PostgresSession):
    def batches(self, query: str, columns: Sequence[Column]) -> Iterator[pl.DataFrame]:
        """The server has no COPY to a client, and would send all rows at once without a cursor."""
        rows = self.database.spec.fetch_mb * ROWS_IN_A_MB
        with self.explained():
            self.cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
            query = selected(query, columns, self.database)
            self.cursor.execute(f"declare ct_assets_rows no scroll cursor for {query}")
            while True:
                self.cursor.execute(f"fetch forward {rows} from ct_assets_rows")
                fetched = 0
                for batch in self.cursor.fetch_record_batch():
                    fetched += batch.num_rows
                    yield plain(batch)
                if not fetched:
                    break
            self.cursor.execute("close ct_assets_rows")
