"""Files that hold people's data: private to their owner, and never half written."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def private_dir(path: Path) -> Path:
    """`path`, made with all its missing parents, readable by its owner alone."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


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


def sync(path: Path) -> None:
    """Flush a file, or a directory's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
