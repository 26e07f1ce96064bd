"""A manifest says what a backup holds, with a checksum of each file."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ct_assets.errors import UserError
from ct_assets.files import replacing

VERSION = 1
MANIFEST = "manifest.json"
STATES = "state"
"""The folder of the copies, in a backup."""


class BackupError(UserError):
    """A backup cannot be made, or is not whole."""


@dataclass(frozen=True, kw_only=True)
class SyncCopy:
    """A sync in the manifest; its name is `<destination>/<sync>`."""

    state_id: str | None
    folded: int
    """The last delivery whose outcomes the copy has."""
    keys: int
    """Rows that CleverTap had acknowledged."""
    under_way: int | None
    """The delivery that was being sent, or that a run had left open."""
    files: Mapping[str, str]
    """SHA-256 of each, by its name below the folder of the sync."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    made: datetime
    made_by: str
    syncs: Mapping[str, SyncCopy]
    forgotten: Mapping[str, str]
    """SHA-256 of the files with hashes of erased people, by name below the folder of states."""

    def write(self, backup: Path) -> None:
        """Written last: a backup without it is none."""
        with replacing(backup / MANIFEST) as partial:
            told = {"version": VERSION, **asdict(self), "made": self.made.isoformat()}
            partial.write_text(json.dumps(told, indent=1))

    def faults(self, backup: Path, syncs: Iterable[str]) -> list[str]:
        """Files of those syncs that are missing, or not as they were written."""
        wanted = {f"{sync}/{f}": d for sync in syncs for f, d in self.syncs[sync].files.items()}
        found = []
        for name, known in {**wanted, **self.forgotten}.items():
            path = backup / STATES / name
            if not path.is_file():
                found.append(f"{name} is missing")
            elif digest(path) != known:
                found.append(f"{name} is not as it was written")
        return found


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(backup: Path) -> Manifest:
    """The manifest of the backup in that folder.

    Raises:
        BackupError: It is no backup, or one of a newer version.
    """
    try:
        told: dict[str, Any] = json.loads((backup / MANIFEST).read_text())
        if told["version"] > VERSION:
            raise BackupError(f"{backup} was made by a newer ct_assets, {told['made_by']}; upgrade")
        syncs = {name: SyncCopy(**copied) for name, copied in told["syncs"].items()}
        made = datetime.fromisoformat(told["made"])
        return Manifest(
            made=made, made_by=told["made_by"], syncs=syncs, forgotten=told["forgotten"]
        )
    except FileNotFoundError:
        raise BackupError(f"{backup} is no backup: it has no {MANIFEST}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"{backup / MANIFEST} is damaged ({type(error).__name__}); use another backup"
        ) from None
