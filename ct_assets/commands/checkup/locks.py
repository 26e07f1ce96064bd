"""Finds locks and slots that a dead process still holds, through a child that has the file open."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.files import is_locked

PROC_LOCKS = Path("/proc/locks")


def locks(data_dir: Path, slots: Path | None = None) -> Iterator[Diagnosis]:
    yield _check("locks", sorted((data_dir / "locks").glob("*/*.lock")))
    yield _check("slots", sorted((slots or account_slots.ROOT).glob("*/*")))


def _check(name: str, files: list[Path]) -> Diagnosis:
    held = [path for path in files if _is_held(path)]
    # Looked at twice: between two looks a lock may go from one process to another.
    dead = _dead_takers(list(_dead_takers(held)))
    if not dead:
        return ok(name, f"{len(held)} held, none by a dead process" if held else "none held")
    holding = ", ".join(f"{path} by {pid}" for path, pid in dead.items())
    return failed(
        name,
        f"held by a dead process: {holding}",
        f"A child of it still has the file open: find it with `fuser {next(iter(dead))}`, end it.",
    )


def _dead_takers(held: list[Path]) -> dict[Path, int]:
    """The processes that took these locks and no longer exist, where the locks are held still."""
    holders = _holders()
    dead = {path: pid for path in held if (pid := _dead(path, holders))}
    return {path: pid for path, pid in dead.items() if _is_held(path)}


def _is_held(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return is_locked(path)
    return False


def _dead(path: Path, holders: Mapping[int, int]) -> int | None:
    """The process that took the lock, if it no longer exists."""
    taker = None
    with contextlib.suppress(OSError):  # its run has ended, and the file is gone
        taker = holders.get(path.stat().st_ino) or _written(path)
    if taker is None:
        return None
    try:
        os.kill(taker, 0)
    except ProcessLookupError:
        return taker
    except PermissionError:
        return None
    return None


def _holders() -> dict[int, int]:
    """The process that holds each lock, by inode, from Linux's /proc/locks."""
    if not PROC_LOCKS.exists():
        return {}
    fields = [line.split() for line in PROC_LOCKS.read_text().splitlines()]
    return {int(f[5].rpartition(":")[2]): int(f[4]) for f in fields if f[1] == "FLOCK"}


def _written(path: Path) -> int | None:
    """The process that wrote its number into the lock file."""
    text = path.read_text(errors="replace").strip()
    return int(text) if text.isdecimal() else None
