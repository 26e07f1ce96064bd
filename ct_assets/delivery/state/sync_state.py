"""SyncState opens all that is kept of one sync at one destination, in the order that is safe."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ct_assets.delivery.delivery_request import MEMORY, Policy
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.sync_files import PREVIOUS, readable_errors, workdir
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.files import private_dir
from ct_assets.store.hold import LOCAL, Hold


@dataclass(frozen=True)
class SyncState:
    """`work` is a folder that is gone with the block; the database is opened only where needed."""

    home: Path
    policy: Policy
    work: Path
    ledger: LedgerFile
    memory: str
    hold: Hold = LOCAL

    @classmethod
    @contextlib.contextmanager
    def open(cls, home: Path, policy: Policy, *, memory: str = MEMORY) -> "Iterator[SyncState]":
        """The state at `home`, held alone: no other process works on it during the block.

        Raises:
            SyncBusyError: Another process holds it.
            StorageError: A file of it cannot be read or written.
        """
        with (
            locked(home) as hold,
            readable_errors(home),
            cls.open_unlocked(home, policy, memory=memory, hold=hold) as state,
        ):
            yield state

    @classmethod
    @contextlib.contextmanager
    def open_unlocked(
        cls, home: Path, policy: Policy, *, memory: str = MEMORY, hold: Hold = LOCAL
    ) -> "Iterator[SyncState]":
        """The same for whoever holds the lock already, or owns the copy at `home`."""
        with (
            workdir(private_dir(home)) as work,
            LedgerFile(home, durable=policy.counts_twice, journal=hold.journal) as ledger,
        ):
            yield cls(home, policy, work, ledger, memory, hold)

    def publish(self) -> None:
        """Has other hosts know how all stands; the database must be closed."""
        if self.hold is not LOCAL:
            self.ledger.gather()
            self.hold.publish()

    @contextlib.contextmanager
    def database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """`state.duckdb`, with the scratch tables of `scratch_tables` beside it."""
        with state_database.opened(self.home, self.work, memory=self.memory) as connection:
            yield connection

    def keep_previous(self, valid: Path, delivery: int) -> None:
        """Keeps the snapshot of the last whole delivery; a link, not a copy."""
        fresh = self.work / PREVIOUS
        with contextlib.suppress(OSError):  # another file system: plans do without
            fresh.hardlink_to(valid)
            fresh.replace(self.home / PREVIOUS)  # no change if both are names of one file
            self.ledger.note("previous", f"{delivery} {file_mark(self.home / PREVIOUS)}")


def file_mark(path: Path) -> str:
    """Another text if the file is another one, or was written since."""
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"
