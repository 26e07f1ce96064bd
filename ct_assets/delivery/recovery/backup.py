"""A backup is a copy of the state of syncs, made while runs go on, with a manifest beside it.

A run under way holds its sync's lock for as long as it sends, so the copy does without: the state
and the outbox do not change in that time, and the ledger is copied by SQLite itself.
"""

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from ct_assets import __version__
from ct_assets.delivery.guards.state_comparison import label
from ct_assets.delivery.ledger import ledger_mark
from ct_assets.delivery.ledger.ledger_mark import LedgerMark
from ct_assets.delivery.ledger.ledger_reader import last_entry, readable_ledger
from ct_assets.delivery.recovery.manifest import (
    STATES,
    BackupError,
    Manifest,
    SyncCopy,
    digest,
)
from ct_assets.delivery.state import witness
from ct_assets.delivery.state.shared_folders import homes, refreshed
from ct_assets.delivery.state.sync_files import (
    FORGOTTEN,
    LEDGER,
    OUTBOX,
    PREVIOUS,
    SPARE,
    STATE,
    STAYING,
    readable_errors,
)
from ct_assets.delivery.state.sync_lock import SyncBusyError, locked
from ct_assets.files import owner_only, private_dir
from ct_assets.store.hold import copy_published, is_published, sharing

PATIENCE = timedelta(minutes=10)
QUIET_SECONDS = 0.05
"""For so long nothing was written when a copy begins: times of files are no finer."""


def back_up(states: Path, to: Path, told: Callable[[str], object] = lambda _: None) -> Manifest:
    """Copies the state of all syncs below `states` to the folder `to`, which must be new or empty.

    Raises:
        BackupError: The folder is not empty, or a state is damaged or never at rest.
        UnknownStateError: Hosts share states, and this one has one that it never shared.
    """
    if to.exists() and any(to.iterdir()):
        raise BackupError(f"{to} is not empty: name a new folder for the backup")
    found = homes(states, having=(STATE, LEDGER))
    if not found:
        raise BackupError(f"there is no state in {states}: nothing was ever sent from there")
    syncs = {}
    with owner_only():
        private_dir(to)
        for home in found:
            syncs[label(home)] = copied = _back_up(home, to / STATES / label(home))
            told(
                f"{label(home)}: {copied.keys:,} rows acknowledged, up to delivery {copied.folded}"
            )
        forgotten = _copy_forgotten(states, to / STATES)
        manifest = Manifest(
            made=datetime.now(UTC), made_by=__version__, syncs=syncs, forgotten=forgotten
        )
        manifest.write(to)
    return manifest


def _back_up(home: Path, to: Path) -> SyncCopy:
    store = sharing(home)
    if store and is_published(store, home):
        with readable_errors(home):
            return _described(to, is_cut=copy_published(store, to, SPARE))
    until = time.monotonic() + PATIENCE.total_seconds()
    with contextlib.ExitStack() as stack, readable_errors(home):
        has_lock = True
        try:
            stack.enter_context(locked(home, for_reading=True))
        except SyncBusyError:
            has_lock = False
        while True:
            shutil.rmtree(to, ignore_errors=True)
            if _copy_at_rest(home, to, has_lock=has_lock):
                break
            if time.monotonic() > until:
                raise BackupError(f"{home.name}: its state was never at rest; try again later")
    return _described(to, is_cut=not has_lock)


def _described(to: Path, *, is_cut: bool) -> SyncCopy:
    """Checks the copy; `is_cut` if a run was under way, whose later entries it lacks."""
    evidence = witness.read(to)
    if evidence.damaged:
        names = ", ".join(sorted(evidence.damaged))
        raise BackupError(
            f"{label(to)}: {names} is damaged, so there is nothing to back up; "
            f"ct-assets doctor says more"
        )
    state, box = evidence.state, evidence.outbox
    if box is not None and is_cut:
        _note_copied(to, box.delivery)
    return SyncCopy(
        state_id=state.state_id if state else None,
        folded=(state.newest if state.folded is None else state.folded) if state else 0,
        keys=state.keys if state else 0,
        under_way=box.delivery if box else None,
        files={name: digest(to / name) for name in _names(to)},
    )


def _copy_at_rest(home: Path, to: Path, *, has_lock: bool) -> bool:
    """False if a file was written meanwhile, so that the copies may not fit together."""
    before = _stamps(home)
    age = time.time() - max((stamp[0] for stamp in before), default=0) / 1e9
    if 0 <= age < QUIET_SECONDS:  # a clock that was set back makes no backup wait
        time.sleep(QUIET_SECONDS)
        return False
    private_dir(to)
    try:
        spare = (SPARE,) if has_lock else ()  # else it is being written to
        for name in (STATE, f"{STATE}.wal", STAYING, OUTBOX, PREVIOUS, *spare):
            if (home / name).exists():
                shutil.copy2(home / name, to / name)
        for file in (*home.glob("reports/*.parquet"), *home.glob("log/*.parquet")):
            shutil.copy2(file, private_dir(to / file.parent.name) / file.name)
        _copy_ledger(home, to, has_lock=has_lock)
    except FileNotFoundError:
        return False
    return _stamps(home) == before


def _stamps(home: Path) -> list[tuple[int, int, int]]:
    stamps = []
    for name in (STATE, f"{STATE}.wal", OUTBOX):
        with contextlib.suppress(FileNotFoundError):
            stat = (home / name).stat()
            stamps.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return stamps


def _copy_ledger(home: Path, to: Path, *, has_lock: bool) -> None:
    if not (home / LEDGER).exists():
        return
    with contextlib.ExitStack() as stack:
        if has_lock:
            source = stack.enter_context(readable_ledger(home))
        else:
            source = sqlite3.connect(f"file:{quote(str(home / LEDGER))}?mode=ro", uri=True)
            stack.enter_context(contextlib.closing(source))
        copy = stack.enter_context(contextlib.closing(sqlite3.connect(to / LEDGER)))
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")
        last = last_entry(copy)
    mark = LedgerMark(to)
    mark.put(last if has_lock is False else max(last, ledger_mark.read(home) or 0))
    mark.close()


def _note_copied(to: Path, delivery: int) -> None:
    """In the copied ledger: entries that were written later are not in it."""
    with contextlib.closing(sqlite3.connect(to / LEDGER)) as copy, copy:
        copy.execute("insert or replace into meta values ('copied', ?)", (str(delivery),))


def _copy_forgotten(states: Path, to: Path) -> dict[str, str]:
    for destination in {home.parent for home in homes(states)}:
        with refreshed(destination / FORGOTTEN):
            pass
    digests = {}
    for path in sorted(states.glob(f"*/{FORGOTTEN}/*")):
        name = str(path.relative_to(states))
        shutil.copy2(path, private_dir((to / name).parent))
        digests[name] = digest(to / name)
    return digests


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder))
