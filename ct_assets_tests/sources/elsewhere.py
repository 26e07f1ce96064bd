"""A DuckDB file that another process has open, as a shell or dbt would."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

CODE = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
connection.execute(sys.argv[2])
print("open", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def opened_elsewhere(
    database: Path, statement: str = "select 1"
) -> Iterator[tuple[str, Callable[[], None]]]:
    """The name of the process that has it open, and how to close it; it ends with the block."""
    command = [sys.executable, "-c", CODE, str(database), statement]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"open\n"
        program = Path(f"/proc/{process.pid}/exe").resolve().name
        yield f"{program} (process {process.pid})", process.stdin.close
