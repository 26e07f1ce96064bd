"""RunPresence shows that the process of a run lives, to other containers that have the same disk.

Ids of processes mean nothing there: a container that was restarted may have lost all of them.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from ct_assets.errors import UserError
from ct_assets.files import is_locked, private_dir
from ct_assets.settings import data_dir

KEPT_SECONDS = 86_400
"""How long the file of a run that has ended stays."""

_held: dict[str, int] = {}
"""Descriptors whose locks the system takes back when this process ends."""


def hold(run_id: str) -> None:
    """Holds the lock of a run until this process ends; does nothing where it cannot be made."""
    if run_id in _held:
        return
    with contextlib.suppress(OSError, UserError):
        file = private_dir(_folder()) / run_id
        _sweep(file.parent)
        partial = file.with_name(f".{run_id}.{os.getpid()}")
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.rename(file)  # nobody sees it without its lock
        except OSError:
            os.close(descriptor)
            partial.unlink(missing_ok=True)
            raise
        _held[run_id] = descriptor


def is_held(run_id: str) -> bool | None:
    """None where it cannot be known: the run keeps its files elsewhere."""
    with contextlib.suppress(OSError, UserError):
        return is_locked(_folder() / run_id)
    return None


def _folder() -> Path:
    return data_dir() / "locks" / "runs"


def _sweep(folder: Path) -> None:
    for file in folder.iterdir():
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < time.time() - KEPT_SECONDS and not is_locked(file):
                file.unlink()
