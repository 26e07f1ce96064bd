"""AccountSlots limits an account's requests in flight over all processes of this host.

A slot is a lock on a file, which the operating system takes back when its holder dies. The files
lie in one place for the whole host, whatever user, data directory or DAGSTER_HOME sends.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from ct_assets.clevertap.contract import MAX_IN_FLIGHT, MAX_IN_FLIGHT_OTHER
from ct_assets.clevertap.destination import Destination, host_key
from ct_assets.errors import UserError

ROOT = Path("/tmp/ct-assets-slots")  # noqa: S108 -- the one place that all users share
POLL_SECONDS = 0.005


class SlotsError(UserError):
    """The lock files cannot be used."""


def upload_slots(destination: Destination, root: Path = ROOT) -> "AccountSlots":
    return _slots(root / f"{account_label(destination.name)}-upload", MAX_IN_FLIGHT)


def other_slots(destination: Destination, root: Path = ROOT) -> "AccountSlots":
    return _slots(root / f"{account_label(destination.name)}-other", MAX_IN_FLIGHT_OTHER)


class AccountSlots:
    """`size` slots for all threads of all processes that name the same folder."""

    def __init__(self, folder: Path, size: int) -> None:
        self._size = size
        self._paths = [*(folder / f"slot-{number:02}" for number in range(size)), folder / "queue"]
        self._start_empty()
        # A forked child would share its parent's locks, and keep them when the parent dies.
        os.register_at_fork(after_in_child=self._forked)

    @contextlib.contextmanager
    def slot(self, stop: threading.Event) -> Iterator[bool]:
        """Waits for a slot and holds it; False, with no slot, if `stop` is set before."""
        number = self._acquire(stop)
        try:
            yield number is not None
        finally:
            if number is not None:
                fcntl.flock(self._file(number), fcntl.LOCK_UN)
                self._held.discard(number)

    def _acquire(self, stop: threading.Event) -> int | None:
        """Whoever waits holds the queue, so a process cannot take its own slot back before it."""
        with self._turn:
            queued = False
            try:
                while not stop.is_set():
                    queued = queued or self._lock(self._size)
                    number = self._take() if queued else None
                    if number is not None:
                        return number
                    stop.wait(POLL_SECONDS)
                return None
            finally:
                if queued:
                    fcntl.flock(self._file(self._size), fcntl.LOCK_UN)

    def _take(self) -> int | None:
        for number in range(self._size):
            if number not in self._held and self._lock(number):
                self._held.add(number)
                return number
        return None

    def _lock(self, number: int) -> bool:
        while True:
            descriptor = self._file(number)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if _is_at(descriptor, self._paths[number]):
                return True
            os.close(self._files.pop(number))

    def _file(self, number: int) -> int:
        """The descriptor of a slot's file; the file after the last slot is the queue."""
        if number not in self._files:
            self._files[number] = _open_shared(self._paths[number])
        return self._files[number]

    def _forked(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._start_empty()

    def _start_empty(self) -> None:
        self._files: dict[int, int] = {}
        self._held: set[int] = set()
        self._turn = threading.Lock()


_slots = functools.cache(AccountSlots)


def account_label(destination: str) -> str:
    """Names the account without giving it away; its name is one, however its host is spelled."""
    return hashlib.sha256(host_key(destination).encode()).hexdigest()[:16]


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether others who open `path` lock the same file: cleaners of /tmp may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _open_shared(path: Path) -> int:
    """Opens a file that any user may lock; it is empty and stays so."""
    try:
        for folder in (path.parent.parent, path.parent):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                folder.chmod(0o1777)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o444))
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SlotsError(
            f"cannot use {path}, with which processes share the account's requests in flight "
            f"({error.strerror}); see that {path.parent.parent} is a folder in which every user "
            f"may make files"
        ) from error
