"""DuckDB over staged Parquet files: bounded memory, spilling into a directory of the caller."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

_MEMORY = "256MB"


@contextlib.contextmanager
def connected(workdir: Path, *reads: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Files outside `workdir` can be read only when they are among `reads`."""
    with contextlib.closing(duckdb.connect(config={"memory_limit": _MEMORY, "threads": 2})) as c:
        c.sql("set enable_progress_bar = false")
        allowed = ", ".join(f"'{quoted(path)}'" for path in reads)
        c.sql(f"set temp_directory = '{quoted(workdir / 'spill')}'")
        c.sql(f"set allowed_directories = ['{quoted(workdir)}']")
        c.sql(f"set allowed_paths = [{allowed}]")
        c.sql("set timezone = 'UTC'")
        c.sql("set enable_external_access = false")
        yield c


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def parquet_sql(*files: Path, numbered: bool = False) -> str:
    """The rows of Parquet files as SQL; with `numbered`, and their `file_row_number`.

    Nothing in a path is a pattern, and `a=b` in it is no column.
    """
    names = ("".join(f"[{c}]" if c in "*?[" else c for c in str(file)) for file in files)
    options = "hive_partitioning = false" + (", file_row_number = true" if numbered else "")
    return f"read_parquet([{', '.join(map(literal, names))}], {options})"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def name_sql(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
