"""Transfers move states of syncs between this disk, a folder, and the store that hosts share.

Each is checked: the rows and their fingerprints, and every other file byte for byte.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ct_assets import sql
from ct_assets.delivery.guards.state_comparison import label
from ct_assets.delivery.recovery.manifest import STATES, digest
from ct_assets.delivery.state.shared_folders import homes, reading
from ct_assets.delivery.state.sync_files import ANY_OF_A_STATE, FORGOTTEN, STATE, readable_errors
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.errors import UserError
from ct_assets.files import private_dir, scratch_dir
from ct_assets.store.folder_note import files_of
from ct_assets.store.hold import is_published, refresh, shared_hold, sharing


class TransferError(UserError):
    """A state cannot be moved, or did not arrive as it was."""


@dataclass(frozen=True)
class Transfer:
    """A state that was moved, as it arrived."""

    label: str
    acked: int
    """Rows that CleverTap has acknowledged."""
    held: int
    files: int


def copy(states: Path) -> Iterator[Transfer]:
    """Brings each state of this disk to the shared store, which must have none of that sync yet.

    Raises:
        TransferError: No store is set, or it has a state of its own, or the copy differs.
    """
    found = _folders(states)
    if not found:
        raise TransferError(f"there is no state in {states}: nothing was ever sent from there")
    for home in found:
        yield _shared(home)


def bring(source: Path, states: Path) -> Iterator[Transfer]:
    """Copies the states of a folder, or of a backup, to where nothing is known of those syncs.

    Raises:
        TransferError: Something is known of one of them, or the copy differs.
    """
    root = source / STATES if (source / STATES).is_dir() else source
    found = _folders(root)
    if not found:
        raise TransferError(f"{source} has no state: it needs <destination>/<sync>/{STATE}")
    for folder in found:
        home = states / folder.parent.name / folder.name
        yield _brought(folder, home)


def _brought(folder: Path, home: Path) -> Transfer:
    """Leaves nothing behind if it fails, which would keep the next one, and every run, from it."""
    store = sharing(home)
    if _files(home):
        raise TransferError(f"{label(home)}: {home} has files already; nothing was copied")
    if store and is_published(store, home):
        raise TransferError(
            f"{label(home)}: the shared store has a state of it already; nothing was copied"
        )
    try:
        _copy_files(folder, home)
        return _shared(home) if store else _same(folder, home)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise


def export(states: Path, to: Path) -> Iterator[Transfer]:
    """Copies every state, wherever it is kept, to a folder that is new or empty.

    Raises:
        TransferError: The folder is not empty, there is nothing, or the copy differs.
        SyncBusyError: A run is under way.
    """
    if to.exists() and any(to.iterdir()):
        raise TransferError(f"{to} is not empty: name a new folder")
    known = homes(states, having=ANY_OF_A_STATE)
    if not known:
        raise TransferError(f"there is no state in {states}: nothing was ever sent from there")
    for home in known:
        with reading(home, needs="*"), readable_errors(home):
            _copy_files(home, to / home.parent.name / home.name)
            yield _same(home, to / home.parent.name / home.name)
    for forgotten in sorted(states.glob(f"*/{FORGOTTEN}")):
        _copy_files(forgotten, to / forgotten.parent.name / FORGOTTEN)


def _shared(home: Path) -> Transfer:
    store = sharing(home)
    if store is None:
        raise TransferError("no store is shared here: set CT_DATABASE_URL and CT_STORE_URL first")
    with contextlib.ExitStack() as stack:
        if home.name != FORGOTTEN:  # a run may be under way that knows nothing of the store
            stack.enter_context(locked(home, local=True))
        stack.enter_context(shared_hold(store, home, adopts=True))
    with scratch_dir() as folder:
        arrived = private_dir(folder / home.parent.name) / home.name
        refresh(store, arrived)
        return _same(home, arrived)


def _same(home: Path, arrived: Path) -> Transfer:
    here, there = _figures(home), _figures(arrived)
    others = _digests(home) == _digests(arrived)
    if here != there or not others:
        raise TransferError(
            f"{label(home)}: the copy is not as it was ({there[0]:,} rows of {here[0]:,}); nothing "
            "was taken away, copy it again"
        )
    return Transfer(label(home), here[0], here[1], len(_files(arrived)))


def _figures(home: Path) -> tuple[int, int, object]:
    """Rows acknowledged and held, and a hash of all of them in any order."""
    if not (home / STATE).exists():
        return 0, 0, None
    with readable_errors(home), sql.opened(home / STATE, read_only=True) as connection:
        acked, one = connection.execute(
            "select count(delivery), bit_xor(hash(synced)) from synced"
        ).fetchall()[0]
        query = "select count(*), bit_xor(hash(held)) from held"
        held, two = connection.execute(query).fetchall()[0]
    return acked, held, (one, two)


def _digests(home: Path) -> dict[str, str]:
    return {name: digest(home / name) for name in _files(home) if name != STATE}


def _files(home: Path) -> list[str]:
    return sorted(files_of(home))


def _copy_files(source: Path, to: Path) -> None:
    private_dir(to)
    for name in _files(source):
        private_dir((to / name).parent)
        shutil.copy2(source / name, to / name)


def _folders(states: Path) -> list[Path]:
    found = {path.parent for name in ANY_OF_A_STATE for path in states.glob(f"*/*/{name}")}
    return sorted(found | set(states.glob(f"*/{FORGOTTEN}")))
