"""Files with people's data are made here: private to their owner, and never half written."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import uuid
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

CHUNK = 1 << 20
SCRATCH = "ct-assets-scratch-"


def private_dir(path: Path) -> Path:
    """`path`, made with all its missing parents, readable by its owner alone.

    What root makes so in somebody's folder is that person's, whose runs need it later.
    """
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process was faster
            folder.mkdir(mode=0o700)
            owner = folder.parent.stat()
            if os.geteuid() == 0 and owner.st_uid:
                os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    return path


def private_lock(path: Path, *, timeout: float = -1) -> FileLock:
    """A lock on a file that its owner alone can read; one of an earlier version becomes so."""
    return FileLock(path, timeout=timeout, mode=0o600)


def is_locked(file: Path) -> bool:
    """Whether a process holds the file alone; raises OSError if it cannot be read."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def private_log(path: Path) -> BinaryIO:
    """A file to append to that its owner alone can read; one of an earlier version becomes so."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")


@contextlib.contextmanager
def owners_files(folder: Path) -> Iterator[None]:
    """Whatever root makes in the block in somebody's `folder` belongs to that person after it.

    Else the next run of that person could not read its own state. Does nothing for other users.
    """
    try:
        yield
    finally:
        if os.geteuid() == 0 and folder.is_dir():
            give_to_owner(folder)


def give_to_owner(folder: Path) -> None:
    """Gives root's files below `folder` to its owner; no link leads this out of the folder."""
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    names = Counter(
        os.stat(name, dir_fd=at, follow_symlinks=False).st_ino
        for _, _, files, at in os.fwalk(folder)
        for name in files
    )
    for _, folders, files, at in os.fwalk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):  # gone since, or on a disk that knows no owners
                stat = os.stat(name, dir_fd=at, follow_symlinks=False)
                has_name_elsewhere = name in files and stat.st_nlink > names[stat.st_ino]
                if stat.st_uid == 0 and not has_name_elsewhere:
                    os.chown(name, owner.st_uid, owner.st_gid, dir_fd=at, follow_symlinks=False)


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Files made in the block are their owner's alone; for the whole process, so keep it short."""
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path` once the block ends without an error.

    Readers see the old file or the whole new one; after a power cut, too (both the file and its
    directory entry are synced).
    """
    private_dir(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.chmod(0o600)
        sync(partial)
        partial.replace(path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def checksum(path: Path) -> int:
    """CRC-32 of a file's bytes."""
    total = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            total = zlib.crc32(chunk, total)
    return total


def have_same_files(folder: Path, other: Path) -> bool:
    """Whether two folders hold files of the same names, equal byte for byte."""
    try:
        files = sorted(folder.iterdir())
        if [file.name for file in files] != sorted(file.name for file in other.iterdir()):
            return False
        return all(_equal(file, other / file.name) for file in files)
    except OSError:  # one of them cannot be read: whoever asks goes on with the other
        return False


def _equal(file: Path, other: Path) -> bool:
    if file.samefile(other):
        return True
    if file.stat().st_size != other.stat().st_size:
        return False
    with file.open("rb") as first, other.open("rb") as second:
        while chunk := first.read(CHUNK):
            if chunk != second.read(CHUNK):
                return False
    return True


def sync(path: Path) -> None:
    """Flush a file, or a directory's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held_dir(parent: Path, prefix: str) -> Iterator[Path]:
    """A private folder for the time of the block; if the process dies, `sweep` removes it."""
    while True:
        with contextlib.suppress(FileNotFoundError):  # or its parent was removed, being empty
            folder = private_dir(parent / f"{prefix}{uuid.uuid4().hex[:12]}")
            lock = os.open(folder, os.O_RDONLY)
            with contextlib.suppress(OSError):  # NFS locks no folders, and nothing is swept there
                fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():  # nobody swept it before it was locked
                break
            os.close(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(folders: Iterable[Path]) -> None:
    """Removes those that a `held_dir` has left behind; whichever is still held stays."""
    for folder in folders:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            except OSError:
                pass
            finally:
                os.close(lock)


@contextlib.contextmanager
def scratch_dir() -> Iterator[Path]:
    """A folder for copies of people's data that are gone with the block."""
    with held_dir(Path(tempfile.gettempdir()), SCRATCH) as folder:
        yield folder


def sweep_scratch() -> None:
    sweep(Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"))
