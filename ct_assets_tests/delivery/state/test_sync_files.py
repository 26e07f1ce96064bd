import errno
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest

from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.state.sync_files import (
    LEDGER,
    STATE,
    StorageError,
    readable_errors,
    set_aside,
)
from ct_assets.sql import parquet_sql
from ct_assets_tests.delivery.kit import Sync, event


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "cannot be written"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written"),
        (duckdb.OutOfMemoryException("secret value"), "needs more memory"),
        (duckdb.ConversionException("secret value"), r"read or written \(ConversionException\)"),
        (OSError(errno.EIO, "Input/output error", "secret value"), r"\(Input/output error\)"),
    ],
)
def test_errors_are_told_in_words_and_without_values(error: Exception, said: str) -> None:
    with pytest.raises(StorageError, match=said) as raised, readable_errors(Path("customers")):
        raise error

    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_paths_are_no_patterns(tmp_path: Path) -> None:
    odd = tmp_path / "it's [a] a=b" / "*.parquet"
    odd.parent.mkdir()
    duckdb.execute(f"copy (select 1 as a) to '{tmp_path}/x.parquet'")
    (tmp_path / "x.parquet").rename(odd)

    assert duckdb.execute(f"select * from {parquet_sql(odd)}").fetchall() == [(1,)]


def test_a_ledger_that_cannot_be_read_stops_until_a_person_goes_on_without_it(events: Sync) -> None:
    events.run([event("e1")])
    ledger = events.home / "sends.sqlite"
    ledger.unlink()
    ledger.mkdir()

    with pytest.raises(GuardError, match=r"sends\.sqlite"):
        events.run([event("e1"), event("e2")])

    ledger.rmdir()
    with pytest.raises(GuardError, match=r"sends\.sqlite"):
        events.run([event("e1"), event("e2")])
    allowed = frozenset({"lost_state"})
    assert events.run([event("e1"), event("e2")], allow=allowed).counts.acked == 1
    assert parked_records.listing(events.home, events.policy).is_empty()


def test_what_is_set_aside_counts_as_new_and_overwrites_nothing(tmp_path: Path) -> None:
    for text in ("first", "second"):
        for name in (STATE, f"{STATE}.wal"):
            (tmp_path / name).write_text(text)
            os.utime(tmp_path / name, (0, 0))
        set_aside(tmp_path, STATE)

    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {
        f"{STATE}.aside": "first",
        f"{STATE}.wal.aside": "first",
        f"{STATE}.2.aside": "second",
        f"{STATE}.wal.2.aside": "second",
    }
    assert all(path.stat().st_mtime > 0 for path in tmp_path.iterdir())


def test_what_belongs_together_has_one_number(tmp_path: Path) -> None:
    """Also if it was interrupted, or a part is lacking."""
    (tmp_path / f"{LEDGER}-wal.aside").write_text("before")
    (tmp_path / LEDGER).write_text("after")
    set_aside(tmp_path, LEDGER)
    for name in (LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"):
        (tmp_path / name).write_text("later")
    set_aside(tmp_path, LEDGER)
    set_aside(tmp_path, LEDGER)

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        f"{LEDGER}-wal.aside": "before",
        f"{LEDGER}.aside": "after",
        f"{LEDGER}-wal.2.aside": "later",
        f"{LEDGER}.2.aside": "later",
    }
