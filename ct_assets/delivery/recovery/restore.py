"""restore() puts the state of a sync back as a backup has it, and notes what was sent since."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ct_assets.delivery.delivery_request import MEMORY
from ct_assets.delivery.guards.state_comparison import label
from ct_assets.delivery.ledger.ledger_reader import readable_ledger
from ct_assets.delivery.recovery.manifest import STATES, BackupError, Manifest, SyncCopy
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.state import state_database, witness
from ct_assets.delivery.state.shared_folders import changing
from ct_assets.delivery.state.sync_files import (
    FORGOTTEN,
    LEDGER,
    OUTBOX,
    PREVIOUS,
    STATE,
    readable_errors,
    set_aside,
    workdir,
)
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.delivery.state.witness import RESTORED, Witness
from ct_assets.files import private_dir, replacing


@dataclass(frozen=True)
class LaterDelivery:
    """One that the backup does not know, or not to its end."""

    number: int
    at: str | None
    """When it began, in ISO format; None if nothing tells."""
    acked: int | None
    """None if no report is left."""


@dataclass(frozen=True)
class Restoration:
    home: Path
    source: Path
    copied: SyncCopy
    later: tuple[LaterDelivery, ...]
    witness: Witness | None
    """The one that knows of later deliveries; None if there are none."""

    def put_in_place(self) -> None:
        """Replaces the files, which are kept aside; newer reports stay. Can be done again."""
        home, source = self.home, self.source
        for name in (STATE, LEDGER, OUTBOX):
            set_aside(home, name)
        for name in sorted(self.copied.files, key=lambda name: name == STATE):
            keeps = name.startswith(("reports/", "log/")) or name == PREVIOUS
            if not (keeps and (home / name).exists()):
                with replacing(home / name) as partial:
                    shutil.copy2(source / name, partial)
        if self.witness is not None:
            self._note()

    def _note(self) -> None:
        """So that a run stops, until a person has said what is to become of what was sent since."""
        told = witness.told_of(self.witness) if self.witness else ""
        with (
            workdir(self.home) as work,
            state_database.opened(self.home, work, memory=MEMORY) as connection,
        ):
            state_database.put(connection, RESTORED, told)


@contextlib.contextmanager
def restoration(
    home: Path, backup: Path, manifest: Manifest, witnesses: Sequence[Witness] = ()
) -> Iterator[Restoration]:
    """The restoration of a sync, while nobody else works on its state; the block decides.

    Raises:
        BackupError: The backup is not whole.
        SyncBusyError: A run is under way.
    """
    copied = manifest.syncs[label(home)]
    if wrong := manifest.faults(backup, [label(home)]):
        raise BackupError(f"{backup} is not whole: {'; '.join(wrong)}. Nothing was restored")
    private_dir(home)
    with locked(home, needs="*", mends=True), readable_errors(home):
        known = list(_known(home, witnesses))
        last = max(known, key=lambda each: each.delivery, default=None)
        yield Restoration(
            home,
            backup / STATES / label(home),
            copied,
            tuple(_later(home, copied, last.delivery if last else 0)),
            _told(copied, last, manifest.made),
        )


def _known(home: Path, witnesses: Sequence[Witness]) -> Iterator[Witness]:
    evidence = witness.read(home)
    state, ledger = evidence.state, evidence.ledger
    noted = account_witness.read(home)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    place = f"what lay here before the restore of {now}"
    if state and state.begun and state.home in (None, label(home)):
        yield Witness(place, state.state_id, state.begun, state.keys)
    if ledger and ledger.last and ledger.home in (None, label(home)):
        yield Witness(place, ledger.state_id, ledger.last, ledger.keys, ledger.at)
    yield from (each for each in (evidence.outbox, evidence.report, noted) if each)
    yield from witnesses


def _told(copied: SyncCopy, last: Witness | None, made: datetime) -> Witness | None:
    if last is not None and last.delivery > copied.folded:
        return last
    if copied.under_way is None:
        return None
    place = f"the backup of {made:%Y-%m-%d %H:%M} UTC, made during it,"
    return Witness(place, copied.state_id, copied.under_way, copied.keys)


def _later(home: Path, copied: SyncCopy, last: int) -> Iterator[LaterDelivery]:
    began = _began(home)
    for number in range(copied.folded + 1, last + 1):
        report = home / "reports" / f"{number:08}.parquet"
        acked = None
        with contextlib.suppress(pl.exceptions.PolarsError, OSError):
            frame = pl.scan_parquet(report, glob=False).filter(outcome="acked")
            acked = int(frame.select(pl.len()).collect().item())
        yield LaterDelivery(number, began.get(number), acked)


def _began(home: Path) -> Mapping[int, str]:
    with contextlib.suppress(sqlite3.Error, OSError), readable_ledger(home) as connection:
        return dict(connection.execute("select id, at from deliveries").fetchall())
    return {}


def restore_forgotten(states: Path, backup: Path) -> int:
    """Adds what the backup knows of erased people; returns how many were erased since it.

    Raises:
        BackupError: The people here are known by another key.
    """
    since = 0
    for copy in sorted((backup / STATES).glob(f"*/{FORGOTTEN}")):
        here = private_dir(states / copy.parent.name / FORGOTTEN)
        with changing(here, mends=True):
            since += _add_forgotten(here, copy)
    return since


def _add_forgotten(here: Path, copy: Path) -> int:
    key, hashes = copy / "key", copy / "hashes"
    if not (here / "key").exists():
        for path in sorted(copy.iterdir()):
            shutil.copy2(path, here / path.name)
        return 0
    if key.read_text() != (here / "key").read_text():
        raise BackupError(
            f"{here} was made with another key than the one in the backup, so nobody can tell "
            f"who was forgotten. Keep one of the two folders, and restore again"
        )
    known, old = (here / "hashes").read_text().split(), hashes.read_text().split()
    with replacing(here / "hashes") as partial:
        partial.write_text("".join(f"{each}\n" for each in dict.fromkeys([*known, *old])))
    return len(set(known) - set(old))
