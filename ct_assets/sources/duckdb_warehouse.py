"""The DuckDB file that `table:`, `sql:` and `sql_file:` read: never written by a sync.

A connection sees the tables of that one file and may write to the folder it was given, nothing
else: not other files, not the network, not its own settings.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock

from ct_assets.errors import UserError, closest, disk_trouble, hushed
from ct_assets.files import private_dir, replacing, scratch_dir
from ct_assets.sources.duckdb_types import WHOLE, carried
from ct_assets.sql import literal, name_sql, opened
from ct_assets.staging import ROW_GROUP

# Their texts speak of the query and the schema; those of all others may quote a cell.
_SAFE = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.PermissionException,
)
ONLY_READS = "must be one SELECT statement; it only reads"
TABLES_ONLY = "; a query reads the warehouse's tables only, declare a file with `file:`"


class QueryError(UserError):
    pass


class BusyError(QueryError):
    """Another process writes to the database; it may be free in a moment."""


@dataclass(frozen=True)
class Warehouse:
    database: Path
    seed: Path | None = None
    """A folder of CSV files that become the tables of a database that is not there yet.

    A database made so follows its CSV files until somebody else writes to it, or puts another in
    its place; any other is never written to.
    """
    memory_limit: str = "512MB"

    def snapshot(self, query: str, into: Path, *, called: str) -> None:
        """Write the rows of `query` to the Parquet file `into`; `called` names it in errors."""
        with self.reading(into.parent) as connection, translated(called):
            _check_select(connection, query, called)
            rows = carried(connection.sql(query))
            rows.write_parquet(str(into), row_group_size=ROW_GROUP)

    def value(self, query: str, *, called: str, largest: str | None = None) -> str:
        """The one value of `query`, or the largest one of its column `largest`, as text."""
        with (
            scratch_dir() as scratch,
            self.reading(scratch) as connection,
            translated(called),
        ):
            _check_select(connection, query, called)
            found = connection.sql(query)
            found = found.aggregate(f"max({name_sql(largest)})") if largest else found.limit(2)
            rows = found.fetchall()
        if len(rows) != 1 or len(rows[0]) != 1:
            raise QueryError(f"{called}: must give one row with one column")
        return str(rows[0][0])

    def count(self, query: str, beyond: tuple[str, str] | None, *, called: str) -> int:
        """How many rows `query` gives, or how many whose column is larger than `beyond` says."""
        with (
            scratch_dir() as scratch,
            self.reading(scratch) as connection,
            translated(called),
        ):
            _check_select(connection, query, called)
            found = connection.sql(query)
            if beyond is not None:
                found = found.filter(f"{name_sql(beyond[0])} > {_quoted(beyond[1])}")
            return int(found.aggregate("count(*)").fetchall()[0][0])

    @contextlib.contextmanager
    def reading(self, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection whose only access to files is the folder `scratch`."""
        database = self.ensured()
        # In a database of its own, so that two connections of one process never share settings.
        with contextlib.ExitStack() as stack:
            with translated(str(self.database)):
                connection = stack.enter_context(
                    opened(
                        attached={"warehouse": database},
                        spill=scratch / "spill",
                        folders=[scratch],
                        confined=True,
                        timezone=None,
                        settings={
                            "memory_limit": self.memory_limit,
                            "threads": os.cpu_count() or 1,
                        },
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
        """The database's file, made from its seed where there is one."""
        seeded = self.seed is not None and self.seed.is_dir()
        if not seeded and not self.database.exists():
            beside = [file.name for file in self.database.parent.glob("*")]
            hint = closest(self.database.name, beside) or "; put a DuckDB file there"
            raise UserError(f"no warehouse at {self.database}{hint}")
        if self.seed is not None and seeded:
            with FileLock(private_dir(self.database.parent) / f".{self.database.name}.lock"):
                _follow(self.seed, self.database)
        return self.database


def _check_select(connection: duckdb.DuckDBPyConnection, query: str, called: str) -> None:
    statements = connection.extract_statements(query)
    if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
        raise QueryError(f"{called}: {ONLY_READS}")


def _follow(seed: Path, database: Path) -> None:
    csvs = sorted(seed.glob("*.csv"))
    mark = database.with_name(f".{database.name}.seed")
    made, of = _mark(mark)
    now = [_stands(csv) for csv in csvs]
    there = _stands(database) if database.exists() else None
    if there and (there not in made or (there == made[-1] and of == now)):
        return
    with translated(str(seed)), replacing(database) as partial:
        with opened(partial) as connection:
            for csv in csvs:
                connection.execute(
                    f'create table "{csv.stem}" as from read_csv({_quoted(csv)}, header = true)'
                )
        # Before it takes its place: killed in between, both are known for ours.
        fresh = [database.name, *_stands(partial)[1:]]
        with replacing(mark) as whole:
            whole.write_text(json.dumps({"made": [*([there] if there else []), fresh], "of": now}))


def _stands(file: Path) -> list[str | int]:
    """Name, size and time of change."""
    stat = file.stat()
    return [file.name, stat.st_size, stat.st_mtime_ns]


def _mark(mark: Path) -> tuple[list[object], list[object]]:
    """Databases that were made here, the latest last, and the CSV files that it was made of."""
    try:
        said = json.loads(mark.read_text())
        return said["made"], said["of"]
    except (FileNotFoundError, ValueError, TypeError, KeyError):  # or of an earlier version
        return [], []


@contextlib.contextmanager
def translated(called: str) -> Iterator[None]:
    """DuckDB's errors as ours: kept is what speaks of the query, left out what may quote data."""
    try:
        yield
    except duckdb.Error as error:
        kind = BusyError if _busy(error) else QueryError
        message = f"{called}: {_told(error)}"
        hushed(error)
        raise kind(message) from None


def _busy(error: duckdb.Error) -> bool:
    """Whether someone, of this process or another, has the database open for writing."""
    locked = isinstance(error, duckdb.IOException) and "lock" in str(error)
    return locked or "Unique file handle conflict" in str(error)


def _told(error: duckdb.Error) -> str:
    if _busy(error):
        return "in use by a process that writes to it; try again"
    if isinstance(error, _SAFE):
        return _without_excerpt(str(error)) + (TABLES_ONLY if _reads_file(error) else "")
    if isinstance(error, duckdb.IOException):
        return disk_trouble(error) or "cannot be read as a DuckDB database"
    if "read-only" in str(error):
        return ONLY_READS
    column = re.search(r"when casting from source column ([^\n]+)", str(error))
    if f"to {WHOLE}" in str(error):
        which = f"column {column[1]!r}" if column else "a column"
        as_text = "send it as text, with `cast(... as varchar)` in the query"
        return f"{which} has an integer of more than 38 digits; {as_text}"
    where = f" in column {column[1]}" if column else ""
    return (
        f"DuckDB could not compute the rows: {type(error).__name__}{where} "
        "(its own text is left out: it quotes values)"
    )


def _reads_file(error: duckdb.Error) -> bool:
    """DuckDB takes `from 'people.csv'` for a table once files are out of its reach."""
    path = re.match(r"Catalog Error: Table with name \S*[/.]\S* does not exist", str(error))
    return isinstance(error, duckdb.PermissionException) or path is not None


def _without_excerpt(text: str) -> str:
    said, _, excerpt = text.partition("\n\nLINE ")
    line = f" (line {excerpt.partition(':')[0]})" if excerpt else ""
    return " ".join(said.split()) + line


def _quoted(text: str | Path) -> str:
    return literal(str(text))
