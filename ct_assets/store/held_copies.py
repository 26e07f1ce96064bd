"""HeldCopies are copies of staged snapshots on this disk: bounded, and kept while they are read."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ct_assets.files import private_dir, sweep

_held: dict[Path, tuple[int, float]] = {}
"""Descriptors by which no process removes a folder, and since when this one has them."""
_guard = threading.RLock()


def hold(folder: Path, retention: timedelta) -> None:
    """Makes a folder, if need be, and keeps it for as long as this process reads in it.

    That is until it ends, or for `retention`: a frame may be read long after it was made.
    """
    with _guard:
        until = time.monotonic() - retention.total_seconds()
        for other in [path for path, (_, since) in _held.items() if since < until]:
            release(other)
        if folder in _held and not _is_same(_held[folder][0], folder):
            release(folder)
        if folder in _held:
            descriptor = _held[folder][0]
            _lock(descriptor)
        else:
            descriptor = _opened(folder)
        _held[folder] = (descriptor, time.monotonic())
        os.utime(folder)


def adopt(draft: Path) -> None:
    """Holds a folder that this process is still writing, and whose lock it has for that."""
    with _guard:
        _held[draft] = (os.open(draft, os.O_RDONLY | os.O_DIRECTORY), time.monotonic())


def release(folder: Path) -> None:
    """Holds it no more."""
    with _guard:
        if folder in _held:
            os.close(_held.pop(folder)[0])


def bound(root: Path, limit: int, unused: timedelta) -> None:
    """Removes copies that were not used for so long, and the longest unused beyond `limit` bytes.

    What a process holds stays, so that there may be more than that for a while.
    """
    long_ago, total = time.time() - unused.total_seconds(), 0
    for used, size, folder in sorted(_copies(root), reverse=True):
        total += size
        if total > limit or used < long_ago:
            sweep([folder])
            total -= 0 if folder.exists() else size


def _copies(root: Path) -> Iterator[tuple[float, int, Path]]:
    """The time of the last use, bytes and folder of each."""
    for home, folders, _ in os.walk(root):
        if not Path(home).name.startswith("="):
            continue
        for folder in (Path(home, name) for name in folders if not name.startswith(".")):
            with contextlib.suppress(FileNotFoundError):
                size = sum(file.stat().st_size for file in folder.iterdir())
                yield folder.stat().st_mtime, size, folder
        folders.clear()


def _opened(folder: Path) -> int:
    while True:
        with contextlib.suppress(FileNotFoundError):  # another process removes it just now
            descriptor = os.open(private_dir(folder), os.O_RDONLY | os.O_DIRECTORY)
            if _lock(descriptor) and _is_same(descriptor, folder):
                return descriptor
            os.close(descriptor)
        time.sleep(0.01)


def _lock(descriptor: int) -> bool:
    """Whether no other process removes the folder from now on."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # NFS locks no folders
        pass
    return True


def _is_same(descriptor: int, folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.fstat(descriptor).st_ino == folder.stat().st_ino
    return False
