"""The ledger's reader reads it as it is, and writes nothing beside it."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ct_assets.delivery.state.sync_files import LEDGER
from ct_assets.files import scratch_dir


def last_delivery(connection: sqlite3.Connection) -> int:
    """The number of the last delivery that began, even if it is pruned by now."""
    return _last(connection, "deliveries")


def last_entry(connection: sqlite3.Connection) -> int:
    """The number of the last entry, of whichever delivery; 0 if there never was one."""
    return _last(connection, "sends")


def _last(connection: sqlite3.Connection, table: str) -> int:
    query = "select seq from sqlite_sequence where name = ?"
    found = connection.execute(query, (table,)).fetchone()
    return int(found[0]) if found else 0


@contextlib.contextmanager
def readable_ledger(home: Path) -> Iterator[sqlite3.Connection]:
    """Read as it is; SQLite would write beside it what a run has not folded into it yet."""
    wal = home / f"{LEDGER}-wal"
    with contextlib.ExitStack() as stack:
        path = home / LEDGER
        if wal.exists() and wal.stat().st_size:
            folder = stack.enter_context(scratch_dir())
            shutil.copyfile(wal, folder / wal.name)
            path = Path(shutil.copyfile(path, folder / path.name))
            mode = "rw"
        else:
            mode = "ro&immutable=1"
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True)
        yield stack.enter_context(contextlib.closing(connection))
