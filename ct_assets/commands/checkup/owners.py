"""Finds files of CT_DATA_DIR that the user of the runs cannot use, since they are another's."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok
from ct_assets.delivery.state.sync_files import user_name

SHOWN = 3


def owners(folder: Path, user: int | None = None) -> Iterator[Diagnosis]:
    """`user`: the one of the runs; left out: of this process, or of the folder if that is root."""
    if not folder.is_dir():
        return
    expected = (os.geteuid() if user is None else user) or folder.stat().st_uid
    name = user_name(expected)
    found = {path: _owner(path) for path in sorted(folder.rglob("*"))}
    others = [(p, uid) for p, uid in found.items() if uid is not None and uid != expected]
    if not others:
        yield ok("owner", f"all files in {folder} are {name}'s")
        return
    shown = [f"{path.relative_to(folder)} ({user_name(uid)})" for path, uid in others[:SHOWN]]
    more = f" and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
    yield failed(
        "owner",
        f"files in {folder} that are not {name}'s: {', '.join(shown)}{more}",
        f"Runs of {name} end there before anything is sent. Let one user start all runs, and give "
        f"that one the files: sudo chown -R {name} {folder}",
    )


def _owner(path: Path) -> int | None:
    """None of a file that a run has removed since it was found."""
    with contextlib.suppress(FileNotFoundError):
        return path.lstat().st_uid
    return None
