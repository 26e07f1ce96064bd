"""Warehouse reads the DuckDB file of `table`, `sql` and `sql_file`; no source writes to it.

A connection sees the tables of that one file and may write to the folder it was given, nothing
else: not other files, not the network, not its own settings.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from ct_assets.errors import UserError, closest, no_column
from ct_assets.files import scratch_dir
from ct_assets.sources import seeded_database
from ct_assets.sources.duckdb_types import carried, polars_type
from ct_assets.sources.incremental.lower_bound import LowerBound, checked
from ct_assets.sources.query_errors import ONLY_READS, QueryError, WarehouseBusyError, translated
from ct_assets.sql import Setting, literal, name_sql, opened
from ct_assets.staging import ROW_GROUP

LIMIT = "512MB"
"""Of memory; beyond it DuckDB goes on in a folder."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Warehouse:
    database: Path
    seed: Path | None = None
    """A folder of CSV files that become the tables of a database that is not there yet."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """DuckDB's own, such as `memory_limit`."""
    patience: timedelta = timedelta(0)
    """How long to wait for a process that writes to it."""
    waiting: Callable[[str], object] = lambda _: None
    """Called with a sentence for whoever waits: for another process, or for many rows."""

    def snapshot(
        self, query: str, into: Path, *, label: str, since: LowerBound | None = None
    ) -> None:
        """Write the rows of `query` to the Parquet file `into`; `label` names it in errors.

        Args:
            query: One SELECT.
            into: The file to be made.
            label: The name of the query in errors.
            since: Left out, all rows; else those at or beyond it, and those without a watermark.

        Raises:
            QueryError: It is no SELECT, or cannot be computed.
            WarehouseBusyError: Another process writes to the database.
        """
        with self._rows(query, into.parent, label) as rows:
            if since is not None:
                rows = rows.filter(_at_or_beyond(rows, since, label))
            carried(rows).write_parquet(str(into), row_group_size=ROW_GROUP)

    def largest(self, query: str, column: str, *, label: str, wanted_by: str) -> str:
        """The largest value of a column of `query`, as text."""
        with scratch_dir() as scratch, self._rows(query, scratch, label) as rows:
            _check_column(rows, column, label, wanted_by)
            return str(rows.aggregate(f"max({name_sql(column)})").fetchall()[0][0])

    def value(self, query: str, *, label: str) -> str:
        """The one value of `query`, as text."""
        with scratch_dir() as scratch, self._rows(query, scratch, label) as rows:
            values = rows.limit(2).fetchall()
        if len(values) != 1 or len(values[0]) != 1:
            raise QueryError(f"{label}: must give one row with one column")
        return str(values[0][0])

    def count(self, query: str, beyond: tuple[str, str] | None, *, label: str) -> int:
        """How many rows `query` gives, or how many whose column is larger than `beyond` says."""
        with scratch_dir() as scratch, self._rows(query, scratch, label) as rows:
            if beyond is not None:
                _check_column(rows, beyond[0], label, "watermark")
                rows = rows.filter(f"{name_sql(beyond[0])} > {literal(beyond[1])}")
            return int(rows.aggregate("count(*)").fetchall()[0][0])

    def primary_key(self, table: Sequence[str]) -> Sequence[str]:
        schema = table[-2] if len(table) > 1 else "main"
        with scratch_dir() as scratch, self.reading(scratch) as connection:
            found = connection.execute(_KEY, [schema, table[-1]]).fetchall()
        return [name for (names,) in found for name in names]

    @contextlib.contextmanager
    def _rows(self, query: str, scratch: Path, label: str) -> Iterator[duckdb.DuckDBPyRelation]:
        with self.reading(scratch) as connection, translated(label):
            kinds = [statement.type for statement in connection.extract_statements(query)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise QueryError(f"{label}: {ONLY_READS}")
            yield connection.sql(query)

    @contextlib.contextmanager
    def reading(self, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection whose only access to files is the folder `scratch`."""
        until, told = time.monotonic() + self.patience.total_seconds(), False
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    connection = stack.enter_context(self._opened(scratch))
                    break
                except WarehouseBusyError as error:
                    if time.monotonic() >= until:
                        raise
                    if not told:
                        self.waiting(f"{error}; this run waits for it")
                        told = True
                time.sleep(POLL_SECONDS)
            yield connection

    @contextlib.contextmanager
    def _opened(self, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        database = self.ensured()
        settings = {"memory_limit": LIMIT, "threads": os.cpu_count() or 1, **self.settings}
        with contextlib.ExitStack() as stack:
            with translated(str(self.database)):
                # In a database of its own: two connections of a process never share settings.
                connection = stack.enter_context(
                    opened(
                        attached={"warehouse": database},
                        spill=scratch / "spill",
                        folders=[scratch],
                        confined=True,
                        timezone=None,
                        settings=settings,
                    )
                )
                connection.execute("use warehouse")
            yield connection

    def files(self) -> list[Path]:
        """The database's file, and beside it what was committed since its last checkpoint."""
        database = self.ensured()
        log = database.with_name(f"{database.name}.wal")
        return [database, log] if log.exists() else [database]

    def ensured(self) -> Path:
        """The database's file, made from its seed where there is one.

        Raises:
            UserError: There is none.
        """
        if self.seed is not None and self.seed.is_dir():
            seeded_database.follow(self.seed, self.database)
        elif not self.database.exists():
            beside = [file.name for file in self.database.parent.glob("*")]
            hint = closest(self.database.name, beside) or "; put a DuckDB file there"
            raise UserError(f"no warehouse at {self.database}{hint}")
        return self.database


_KEY = """
select constraint_column_names from duckdb_constraints()
where constraint_type = 'PRIMARY KEY' and database_name = 'warehouse'
and schema_name = ? and table_name = ?
"""


def _check_column(rows: duckdb.DuckDBPyRelation, column: str, label: str, wanted_by: str) -> None:
    if column.lower() not in (name.lower() for name in rows.columns):
        raise QueryError(f"{label}: {no_column(column, rows.columns, wanted_by)}")


def _at_or_beyond(rows: duckdb.DuckDBPyRelation, since: LowerBound, label: str) -> str:
    """The condition of the rows that are read again."""
    types = {
        name: polars_type(str(kind)) for name, kind in zip(rows.columns, rows.types, strict=True)
    }
    least = since.of(checked(types, since.column, label))
    name, value = name_sql(since.column), str(least)
    bound = value if isinstance(least, int | Decimal) else literal(value)
    return f"{name} >= {bound} or {name} is null"
