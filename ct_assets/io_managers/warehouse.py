"""The DuckDB file that `table:`, `sql:` and `sql_file:` read: never written by a sync.

A connection sees the tables of that one file and may write to the folder it was given, nothing
else: not other files, not the network, not its own settings.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock

from ct_assets.errors import UserError
from ct_assets.files import private_dir, replacing

# Their texts speak of the query and the schema; those of all others may quote a cell.
_SAFE = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.PermissionException,
)


class QueryError(UserError):
    pass


@dataclass(frozen=True)
class Warehouse:
    database: Path
    seed: Path | None = None
    """A folder of CSV files that become the tables of a database that is not there yet."""
    memory_limit: str = "512MB"

    def snapshot(self, query: str, into: Path, *, called: str) -> None:
        """Write the rows of `query` to the Parquet file `into`; `called` names it in errors."""
        with self.reading(into.parent) as connection, translated(called):
            statements = connection.extract_statements(query)
            if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
                raise QueryError(f"{called}: must be one SELECT statement; it only reads")
            connection.sql(query).write_parquet(str(into), row_group_size=100_000)

    @contextlib.contextmanager
    def reading(self, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection whose only access to files is the folder `scratch`."""
        self._ensure()
        # In a database of its own, so that two connections of one process never share settings.
        with duckdb.connect(":memory:") as connection:
            with translated(str(self.database)):
                connection.execute(f"attach {_quoted(self.database)} as warehouse (read_only)")
            connection.execute("use warehouse")
            connection.execute(f"set memory_limit = {_quoted(self.memory_limit)}")
            connection.execute(f"set temp_directory = {_quoted(scratch / 'spill')}")
            connection.execute(f"set allowed_directories = [{_quoted(scratch)}]")
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
            yield connection

    def _ensure(self) -> None:
        if self.database.exists():
            return
        if self.seed is None or not self.seed.is_dir():
            raise UserError(f"no warehouse at {self.database}; put a DuckDB file there")
        load_folder(self.seed, self.database)


def load_folder(folder: Path, database: Path) -> None:
    """Make `database` anew from the CSV files of `folder`: one table each, named as the file."""
    private_dir(database.parent)
    with (
        FileLock(database.with_name(f".{database.name}.lock")),
        replacing(database) as partial,
        duckdb.connect(str(partial)) as connection,
    ):
        for csv in sorted(folder.glob("*.csv")):
            connection.execute(
                f'create table "{csv.stem}" as from read_csv({_quoted(csv)}, header = true)'
            )


@contextlib.contextmanager
def translated(called: str) -> Iterator[None]:
    """DuckDB's errors as ours: kept is what speaks of the query, left out what may quote data."""
    try:
        yield
    except _SAFE as error:
        message = f"{called}: {_without_excerpt(str(error))}"
        if isinstance(error, duckdb.PermissionException):
            message += "; a query reads the warehouse's tables only, declare a file with `file:`"
        raise QueryError(message) from None
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise QueryError(f"{called}: cannot be read as a DuckDB database") from None
        raise QueryError(f"{called}: in use by a process that writes to it; try again") from None
    except duckdb.Error as error:
        column = re.search(r"when casting from source column (\w+)", str(error))
        where = f" in column {column[1]}" if column else ""
        raise QueryError(
            f"{called}: DuckDB could not compute the rows: {type(error).__name__}{where} "
            "(its own text is left out: it quotes values)"
        ) from None


def _without_excerpt(text: str) -> str:
    said, _, excerpt = text.partition("\n\nLINE ")
    line = f" (line {excerpt.partition(':')[0]})" if excerpt else ""
    return " ".join(said.split()) + line


def _quoted(text: str | Path) -> str:
    return "'" + str(text).replace("'", "''") + "'"
