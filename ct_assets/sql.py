"""SQL: this module quotes its texts and opens DuckDB, the one way, with every limit named."""

import contextlib
import glob
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from ct_assets.files import owner_only

MEMORY = "256MB"
Setting = str | bool | int | float | list[str]


@contextlib.contextmanager
def opened(
    database: Path | None = None,
    *,
    read_only: bool = False,
    attached: Mapping[str, Path] | None = None,
    spill: Path | None = None,
    folders: Sequence[Path] = (),
    files: Sequence[Path] = (),
    confined: bool = False,
    timezone: str | None = "UTC",
    settings: Mapping[str, Setting] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database file, or to one in memory, for the time of the block.

    Args:
        database: Left out, a database in memory. A file that is made here is its owner's alone.
        read_only: Whether the file is opened for reading only.
        attached: Other database files, by the name that SQL gives them; they are only read.
        spill: The folder for what does not fit into memory.
        folders: What SQL may read and write if it is `confined`.
        files: What SQL may read beside `folders`.
        confined: No other file, no network and no setting is in the reach of SQL.
        timezone: Of times that have none; None is the host's.
        settings: DuckDB's own, over the house's limits of memory and threads.

    Raises:
        duckdb.Error: The file is no database, is locked by another process, or a setting is wrong.
    """
    limits: dict[str, Setting] = {"memory_limit": MEMORY, "threads": 2, **(settings or {})}
    if spill is not None:
        limits["temp_directory"] = str(spill)
    makes_file = database is not None and not read_only
    with owner_only() if makes_file else contextlib.nullcontext():
        connection = duckdb.connect(database or ":memory:", read_only=read_only, config=limits)
    with contextlib.closing(connection):
        connection.execute("set enable_progress_bar = false")
        if timezone is not None:
            connection.execute(f"set timezone = {literal(timezone)}")
        for name, file in (attached or {}).items():
            source = literal(str(file))
            connection.execute(f"attach {source} as {name_sql(name)} (type duckdb, read_only)")
        if confined:
            _confine(connection, folders, files)
        yield connection


@contextlib.contextmanager
def connected(workdir: Path, *reads: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in bounded memory, whose SQL has no files but those in `workdir` and `reads`."""
    with opened(
        spill=workdir / "spill", folders=[workdir], files=reads, confined=True
    ) as connection:
        yield connection


def _confine(
    connection: duckdb.DuckDBPyConnection, folders: Sequence[Path], files: Sequence[Path]
) -> None:
    connection.execute(f"set allowed_directories = [{_listed(folders)}]")
    connection.execute(f"set allowed_paths = [{_listed(files)}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(literal(str(path)) for path in paths)


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def parquet_sql(*files: Path, numbered: bool = False) -> str:
    """The rows of Parquet files as SQL; with `numbered`, and their `file_row_number`.

    Nothing in a path is a pattern, and `a=b` in it is no column.
    """
    names = (glob.escape(str(file)) for file in files)
    options = "hive_partitioning = false" + (", file_row_number = true" if numbered else "")
    return f"read_parquet([{', '.join(map(literal, names))}], {options})"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def name_sql(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
