"""The files of a sync's state: their names, their work folder, and their errors in words."""

import contextlib
import itertools
import os
import pwd
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.errors import UserError, disk_trouble, hushed, lock_holder
from ct_assets.files import owner_only, private_dir
from ct_assets.sql import Setting, literal, opened

MAX_THREADS = 4
"""Threads of the database: each needs a share of its memory."""

OUTBOX, STAYING, LEDGER, MARK, SPARE, STATE, PREVIOUS = (
    "outbox.parquet",
    "staying.parquet",
    "sends.sqlite",
    "sends.mark",
    "sends.spare",
    "state.duckdb",
    "previous.parquet",
)
BESIDE = {STATE: (f"{STATE}.wal",), LEDGER: (f"{LEDGER}-wal", MARK, SPARE), OUTBOX: ()}
"""Files without which the first one is not whole."""

ASIDE = ".aside"
"""The end of the name of a file that could not be used, and that a delivery went on without."""

CORE = (STATE, f"{STATE}.wal", LEDGER, f"{LEDGER}-wal", MARK, SPARE, OUTBOX, STAYING)
"""The files of a state that every delivery needs."""

ANY_OF_A_STATE = (STATE, LEDGER, OUTBOX, "reports")
"""Where one of these is, something is known of a sync."""

FORGOTTEN = ".forgotten"
"""The folder of a destination's suppressions, beside its syncs."""


class StorageError(UserError):
    """State could not be read or written; nothing that was recorded is lost."""


@contextlib.contextmanager
def workdir(home: Path) -> Iterator[Path]:
    """A folder for intermediate files; those that a killed run left are removed first."""
    folder = home / "work"
    shutil.rmtree(folder, ignore_errors=True)
    for partial in (*home.glob(".*.partial"), *home.glob("*/.*.partial")):
        partial.unlink(missing_ok=True)
    try:
        yield private_dir(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def readable_errors(home: Path) -> Iterator[None]:
    """Raises errors of the disk and the databases in our words; their own may quote rows."""
    try:
        yield
    except (duckdb.Error, sqlite3.Error, OSError, pl.exceptions.PolarsError) as error:
        reason = _reason(error)
        hushed(error)
        raise StorageError(
            f"{home.name}: {reason}; its state is in {home}. Nothing recorded is lost: "
            f"mend this and run again"
        ) from None


def check_access(home: Path) -> None:
    """Before anything is sent: what cannot be written later would be sent again.

    Raises:
        StorageError: A file of the state is somebody else's.
    """
    for name in ("", STATE, LEDGER, f"{LEDGER}-wal", MARK, OUTBOX, "reports"):
        path = home / name
        if os.path.lexists(path) and not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            raise StorageError(
                f"{home.name}: {name or home} cannot be written by {user_name(os.geteuid())} "
                f"(read-only, or owned by another user: it is {user_name(path.stat().st_uid)}'s). "
                f"Nothing was sent. Let one user start all runs: ct-assets doctor says how"
            )


def set_aside(home: Path, name: str) -> None:
    """Takes a file out of the way, with those beside it; they are kept as long as reports are.

    Nothing that lies aside is overwritten. Interrupted, it can be done again.
    """
    parts = [part for part in (*BESIDE[name], name) if (home / part).exists()]
    ends = (f".{n}{ASIDE}" if n > 1 else ASIDE for n in itertools.count(1))
    taken = (
        end for end in ends if not any((home / f"{part}{end}").exists() for part in (name, *parts))
    )
    end = next(taken)
    for part in parts:
        os.utime(home / part)
        (home / part).replace(home / f"{part}{end}")
    (home / f"{name}-shm").unlink(missing_ok=True)


def ends_aside(home: Path, name: str) -> list[str]:
    """The ends of the names under which a file was set aside, the latest first."""
    found = {}
    for path in home.glob(f"{name}*{ASIDE}"):
        end = path.name.removeprefix(name)
        if match := _END.fullmatch(end):
            found[int(match[1] or 1)] = end
    return [found[number] for number in sorted(found, reverse=True)]


_END = re.compile(r"(?:\.(\d+))?\.aside")


def user_name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _reason(error: Exception) -> str:
    if trouble := disk_trouble(error):
        return trouble
    if holder := lock_holder(error):
        return f"{STATE} is open in {holder}, and no run can use it until it is closed there"
    if isinstance(error, PermissionError) or "permission denied" in str(error).lower():
        return "the state cannot be written (read-only, or owned by another user)"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "the database needs more memory than it may use; raise the delivery's memory"
    if isinstance(error, OSError) and error.strerror:
        return f"a file cannot be used ({error.strerror})"
    return f"the state cannot be read or written ({type(error).__name__})"


@contextlib.contextmanager
def database(path: Path, work: Path, *, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database file, opened alone, with a scratch database `work` beside it."""
    settings: dict[str, Setting] = {
        "memory_limit": memory,
        "threads": min(MAX_THREADS, os.cpu_count() or 1),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with opened(path, spill=work / "spill", settings=settings) as connection:
        with owner_only():
            connection.execute(f"attach {literal(str(work / 'work.duckdb'))} as work")
        yield connection
