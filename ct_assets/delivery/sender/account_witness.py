"""Notes beside the slots of an account which state delivers a sync to it.

Another data folder, or a second clone, that delivers to the same account finds the note: it is in
the one place that all users of the host share. It may be wiped at any time.
"""

import contextlib
import json
import os
from datetime import datetime
from pathlib import Path

from ct_assets.delivery.sender import account_slots
from ct_assets.delivery.state.witness import Witness

SIZE = 4096
"""Bytes of a note, which is written at once: a reader finds the old one or the new one."""


def read(destination: str, sync: str) -> Witness | None:
    """None if there is no note, or none that can be read."""
    try:
        note = json.loads(_path(destination, sync).read_text())
        place = f"what {note['folder']} noted beside the account's slots"
        at = datetime.fromisoformat(note["at"]) if note.get("at") else None
        return Witness(place, str(note["state_id"]), int(note["delivery"]), int(note["keys"]), at)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(home: Path, state_id: str, delivery: int, keys: int, at: datetime) -> None:
    """Notes a delivery from `<data>/state/<destination>/<sync>`, which is about to send."""
    folder = str(home.parents[2])
    told = {"state_id": state_id, "delivery": delivery, "keys": keys, "folder": folder}
    told["at"] = at.isoformat()
    text = json.dumps(told).encode().ljust(SIZE)
    path = _path(home.parent.name, home.name)
    with contextlib.suppress(OSError):  # a help to others, and nothing that a delivery needs
        descriptor = _opened(path)
        try:
            os.pwrite(descriptor, text, 0)
            os.ftruncate(descriptor, len(text))
        finally:
            os.close(descriptor)


def _path(destination: str, sync: str) -> Path:
    return account_slots.ROOT / f"{account_slots.account_label(destination)}-states" / sync


def _opened(path: Path) -> int:
    """Made once and never replaced: in a folder of all, only its owner could do that."""
    for folder in (path.parent.parent, path.parent):
        try:
            folder.mkdir(parents=True)
            folder.chmod(0o1777)
        except FileExistsError:
            continue
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        os.fchmod(descriptor, 0o666)
        return descriptor
