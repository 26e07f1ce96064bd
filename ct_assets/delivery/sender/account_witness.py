"""Notes for the whole host which state delivers a sync to an account.

Another data folder, or a second clone, that delivers to the same account finds the note: it is in
a place that all users of the host share, and that a restart does not empty.
"""

import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from ct_assets.clevertap.destination import account_key, is_account_name
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.delivery.state.witness import Witness

ROOT = Path("/var/tmp/ct-assets-states")  # noqa: S108 -- the one place that all users share
SIZE = 4096
"""Bytes of a note, which is written at once: a reader finds the old one or the new one."""


def read(home: Path) -> Witness | None:
    """None if there is no note of the sync, or none that can be read.

    Nor where the state that wrote it is here, under another name of the account: what that means
    is asked by `changed_destination`.
    """
    places = {path_of(home.parent.name, home.name), _path_of_earlier_versions(home)}
    notes = [note for path in places if (note := _read(path, home))]
    return max(notes, key=lambda note: note.at or datetime.min.replace(tzinfo=UTC), default=None)


def _read(path: Path, home: Path) -> Witness | None:
    try:
        note = json.loads(path.read_text())
        writer = Path(note["folder"]) / "state" / note.get("destination", home.parent.name)
        if writer != home.parent and writer.parent == home.parents[1] and writer.exists():
            return None
        place = f"what {note['folder']} noted beside the account's slots"
        at = datetime.fromisoformat(note["at"]) if note.get("at") else None
        return Witness(place, str(note["state_id"]), int(note["delivery"]), int(note["keys"]), at)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(home: Path, state_id: str, delivery: int, keys: int, at: datetime) -> None:
    """Notes a delivery from `<data>/state/<destination>/<sync>`, which is about to send."""
    folder = str(home.parents[2])
    told = {"state_id": state_id, "delivery": delivery, "keys": keys, "folder": folder}
    told["destination"] = home.parent.name
    told["at"] = at.isoformat()
    text = json.dumps(told).encode().ljust(SIZE)
    with contextlib.suppress(OSError):  # a help to others, and nothing that a delivery needs
        descriptor = _opened(path_of(home.parent.name, home.name))
        try:
            os.pwrite(descriptor, text, 0)
            os.ftruncate(descriptor, len(text))
        finally:
            os.close(descriptor)


def path_of(destination: str, sync: str) -> Path:
    """Of a sandbox, which is wiped at will, it need not outlast a restart."""
    if is_account_name(destination):
        return ROOT / hashlib.sha256(account_key(destination).encode()).hexdigest()[:16] / sync
    return _path_of_earlier_versions(Path(destination, sync))


def _path_of_earlier_versions(home: Path) -> Path:
    label = hashlib.sha256(home.parent.name.encode()).hexdigest()[:16]
    return account_slots.ROOT / f"{label}-states" / home.name


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
