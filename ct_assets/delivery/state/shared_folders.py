"""Shared folders are states that other hosts may have changed: they are read, listed, fetched."""

import contextlib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from pathlib import Path

from ct_assets.delivery.state.sync_files import STATE, readable_errors
from ct_assets.delivery.state.sync_lock import locked, told_busy
from ct_assets.store.hold import TURN, published_syncs, refresh, shared_hold, sharing


@contextlib.contextmanager
def reading(home: Path, patience: timedelta = timedelta(0), *, needs: str = "") -> Iterator[None]:
    """The same as `locked` for whoever only reads what is there; makes nothing where nothing is."""
    if not home.exists() and sharing(home) is None:
        yield
        return
    with locked(home, patience, for_reading=True, needs=needs):
        yield


@contextlib.contextmanager
def fetched(home: Path) -> Iterator[None]:
    """For whoever looks at a state without its lock: what the store has of it is on this disk."""
    if sharing(home) is None:
        yield
    else:
        with reading(home):
            yield


def homes(
    states: Path, destination: str = "*", sync: str = "*", *, having: Sequence[str] = (STATE,)
) -> list[Path]:
    """Folders `<states>/<destination>/<sync>` with one of these files, here or in the store.

    What is in the store only is fetched by whoever locks it.
    """
    found = {path.parent for name in having for path in states.glob(f"{destination}/{sync}/{name}")}
    if store := sharing(states / destination / sync):
        for names in published_syncs(store):
            home = states.joinpath(*names)
            if not home.name.startswith(".") and home.match(f"{destination}/{sync}"):
                found.add(home)
    return sorted(found)


@contextlib.contextmanager
def changing(folder: Path, *, mends: bool = False) -> Iterator[AbstractSet[str]]:
    """The same as `locked` for a folder beside the syncs; where no host shares it, nothing.

    Gives the names of the files that other hosts know.
    """
    store = sharing(folder)
    if store is None:
        yield frozenset()
        return
    with (
        readable_errors(folder),
        told_busy(),
        shared_hold(
            *(store, folder), patience=TURN, at_once=True, mends=mends, takes_later=mends
        ) as hold,
    ):
        yield hold.files


@contextlib.contextmanager
def refreshed(folder: Path) -> Iterator[None]:
    """For whoever only reads such a folder."""
    store = sharing(folder)
    if store is not None:
        with readable_errors(folder), told_busy():
            refresh(store, folder)
    yield
