"""Hold is what a delivery has of the folder that it works on, alone: here, or among all hosts."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from pathlib import Path

from ct_assets.settings import data_dir
from ct_assets.store import object_fences
from ct_assets.store.folder_note import NOTE
from ct_assets.store.objects import ObjectMissing, Objects
from ct_assets.store.places import objects_of
from ct_assets.store.postgres.journal import Journal
from ct_assets.store.postgres.lease import Lease, LeaseLostError
from ct_assets.store.postgres.store_session import DatabaseError, StoreSession
from ct_assets.store.published_state import PublishedState
from ct_assets.store.store_settings import StoreSettings, shared_store


class Hold:
    """Of a folder that no other host knows: all of this does nothing."""

    @property
    def journal(self) -> Journal | None:
        """Takes each entry of the ledger, before the ledger does."""
        return None

    def publish(self) -> None:
        """Has the other hosts know what is in the folder; nobody may have a file of it open."""

    def may_send(self) -> bool:
        """Whether nobody else can work on the folder at this moment."""
        return True

    def prune(self, before: datetime, is_old: Callable[[str], bool]) -> None:
        """Gives up files from before then, of which `is_old` holds, that are not on this host."""

    def erase_replaced(self) -> None:
        """Removes what earlier publications had, for good."""


LOCAL = Hold()
TURN = timedelta(minutes=1)
"""How long to wait for another host that works on a folder for no more than a moment."""


class SharedHold(Hold):
    def __init__(self, lease: Lease, published: PublishedState) -> None:
        self._lease = lease
        self._published = published
        self._journal = Journal(lease)

    @property
    def journal(self) -> Journal:
        return self._journal

    @property
    def files(self) -> AbstractSet[str]:
        """Names of those that are published."""
        return self._published.files.keys()

    def publish(self) -> None:
        self._published.publish()

    def may_send(self) -> bool:
        try:
            self._lease.check()
        except (DatabaseError, LeaseLostError):
            return False
        return True

    def prune(self, before: datetime, is_old: Callable[[str], bool]) -> None:
        self._published.prune(before, is_old)

    def erase_replaced(self) -> None:
        self._published.collect(at_once=True)


def sharing(folder: Path) -> StoreSettings | None:
    """The store in which `<data>/state/<destination>/<sync>` is; None for any other folder.

    Copies of it elsewhere, on which somebody plans or tries, are nobody else's.
    """
    settings = shared_store()
    if settings is None or folder.parents[1] != data_dir() / "state":
        return None
    return settings


@contextlib.contextmanager
def shared_hold(
    settings: StoreSettings,
    folder: Path,
    *,
    patience: timedelta = timedelta(0),
    stop: threading.Event | None = None,
    waiting: Callable[[str], object] = lambda _: None,
    needed: Callable[[Iterable[str]], set[str]] = set,
    tail: str | None = None,
    for_reading: bool = False,
    beside: str | None = None,
    at_once: bool = False,
    adopts: bool = False,
    mends: bool = False,
    takes_later: bool = False,
) -> Iterator[SharedHold]:
    """Works on a folder while no other host does, and publishes it when the block ends well.

    `tail` is the file that takes the entries of the journal. The folder `beside` it, if there is
    one, is made equal to what is published, too. `at_once` leaves nothing of what is replaced.
    `adopts` publishes what nobody has published yet. `mends` is for whoever puts right what is lost
    in the database or the bucket: until it publishes, all is as it was for others. `takes_later`
    has also what the database does not know of: see `PublishedState.take_later`.

    Raises:
        LeaseBusyError: Another host works on it, and still did after `patience` or at `stop`.
        DatabaseBehindError: The database knows less than the bucket.
        StoreError: It cannot be fetched, or published.
    """
    names, objects = (folder.parent.name, folder.name), objects_of(settings)
    mends = mends or adopts

    def check(fence: int) -> None:
        if not mends:
            object_fences.check(objects, names, fence, settings.database)

    with Lease.claim(
        settings,
        *names,
        patience=patience,
        stop=stop,
        waiting=waiting,
        for_reading=for_reading,
        check=check,
        raises=not mends,
    ) as lease:
        published = PublishedState(folder, objects, lease, needed, mends=mends)
        published.adopt() if adopts else published.take()
        if takes_later:
            published.take_later()
        if not for_reading:
            published.remove_unpublished()
        if beside is not None and (lease.knows(beside) or _has_any(objects, names[0], beside)):
            refresh(settings, folder.with_name(beside), mends=mends)
        hold = SharedHold(lease, published)
        if tail is not None:
            _write_tail(folder / tail, hold.journal)
        yield hold
        if not for_reading:
            published.publish()
            published.collect(at_once=at_once)


def _has_any(objects: Objects, destination: str, sync: str) -> bool:
    return object_fences.latest(objects, object_fences.prefix_of(destination, sync), 0) > 0


def refresh(settings: StoreSettings, folder: Path, *, mends: bool = False) -> None:
    """Makes a folder that is changed for moments only equal to what is published.

    Raises:
        LeaseBusyError: Another host kept it for longer than `TURN`.
        StoreError: It cannot be fetched.
    """
    with shared_hold(settings, folder, patience=TURN, for_reading=True, mends=mends):
        pass


def copy_published(settings: StoreSettings, folder: Path, tail: str) -> bool:
    """Copies what is published to a new folder, also while another host works on it.

    True if one does: there will be more entries than those that are in `tail` now.

    Raises:
        ObjectMissing: An object that the pointer names is lost.
    """
    while True:
        with Lease.look(settings, folder.parent.name, folder.name) as (lease, is_held):
            published = PublishedState(folder, objects_of(settings), lease)
            try:
                published.take()
                _write_tail(folder / tail, Journal(lease))
                if lease.is_current():
                    (folder / NOTE).unlink(missing_ok=True)
                    return is_held
            except ObjectMissing:
                if lease.is_current():
                    raise
        shutil.rmtree(folder, ignore_errors=True)


def _write_tail(path: Path, journal: Journal) -> None:
    entries = journal.tail()
    first = next(entries, None)
    if first is None:
        return
    with path.open("wb") as file:
        path.chmod(0o600)
        file.write(first)
        file.writelines(entries)


def published_syncs(settings: StoreSettings) -> list[tuple[str, str]]:
    """The destination and the name of each folder that has anything published."""
    with StoreSession(settings) as session:
        found = session.rows(
            "select destination, sync from ct_assets.syncs where files <> '{}' order by 1, 2"
        )
    return [(str(place), str(name)) for place, name in found]


def is_copy(folder: Path) -> bool:
    """Whether it was made equal to what hosts share, at some time, as far as one may look."""
    with contextlib.suppress(PermissionError):
        return (folder / NOTE).exists()
    return False


def is_published(settings: StoreSettings, folder: Path) -> bool:
    return (folder.parent.name, folder.name) in published_syncs(settings)
