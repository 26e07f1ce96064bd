"""StagedObjects lists the objects of an asset's snapshots, and tells which of them are too old."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from ct_assets.staging import POINTER
from ct_assets.store.objects import ObjectEntry


@dataclass
class StagedSnapshot:
    folder: PurePosixPath
    """Such as `=2026-01-01/18f2a-07`: partition and snapshot."""
    files: dict[str, int]
    """Their sizes in bytes."""
    written: datetime
    """When the last of its files was."""

    @property
    def home(self) -> PurePosixPath:
        return self.folder.parent


@dataclass(frozen=True)
class StagedObjects:
    pointers: Mapping[PurePosixPath, datetime]
    """When the pointer of each partition's folder, such as `=2026-01-01`, was written."""
    snapshots: list[StagedSnapshot]
    """In the order in which they were written."""

    @classmethod
    def of(cls, prefix: str, entries: Iterable[ObjectEntry]) -> "StagedObjects":
        """From all objects below the folder of an asset, of which others may lie in it, too."""
        pointers: dict[PurePosixPath, datetime] = {}
        found: dict[PurePosixPath, StagedSnapshot] = {}
        for entry in entries:
            path = PurePosixPath(entry.name.removeprefix(prefix))
            if not path.parts[0].startswith("="):
                continue
            if path.name == POINTER and len(path.parts) == 2:
                pointers[path.parent] = entry.written
            elif len(path.parts) == 3:
                new = StagedSnapshot(path.parent, {}, entry.written)
                snapshot = found.setdefault(path.parent, new)
                snapshot.files[path.name] = entry.size
                snapshot.written = max(entry.written, snapshot.written)
        return cls(pointers, sorted(found.values(), key=_order))

    def replaced(
        self, home: PurePosixPath, current: str, retention: timedelta
    ) -> Iterator[StagedSnapshot]:
        """Snapshots of a partition that were replaced longer ago than `retention`.

        That of killed runs was replaced by the next one, too.
        """
        now = self.pointers[home]
        later: datetime | None = None
        for snapshot in reversed([each for each in self.snapshots if each.home == home]):
            if snapshot.folder.name != current and later and later < now - retention:
                yield snapshot
            later = snapshot.written

    def left(self, now: datetime, retention: timedelta) -> Iterator[StagedSnapshot]:
        """Snapshots of partitions without a pointer, `retention` after it went."""
        for snapshot in self.snapshots:
            if snapshot.home not in self.pointers and snapshot.written < now - 2 * retention:
                yield snapshot


def _order(snapshot: StagedSnapshot) -> tuple[datetime, str]:
    return snapshot.written, snapshot.folder.name
