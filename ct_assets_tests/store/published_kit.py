"""Hosts of a test with the folder of one sync, which they publish."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ct_assets.store.folder_note import NOTE
from ct_assets.store.hold import SharedHold, shared_hold
from ct_assets.store.store_settings import StoreSettings


class Host:
    """A disk with the folder of one sync."""

    def __init__(self, disk: Path, shared: StoreSettings) -> None:
        self.folder = disk / "state" / "eu1-A" / "customers"
        self._shared = shared

    @contextlib.contextmanager
    def works(self, *names: str, for_reading: bool = False) -> Iterator[SharedHold]:
        """`names` are fetched; all of them, if there are none."""
        needed = (lambda known: {*known} & {*names}) if names else set
        with shared_hold(
            self._shared, self.folder, needed=needed, for_reading=for_reading, tail="tail"
        ) as hold:
            yield hold

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def files(self) -> dict[str, str]:
        paths = [p for p in sorted(self.folder.rglob("*")) if p.is_file() and p.name != NOTE]
        return {p.relative_to(self.folder).as_posix(): p.read_text() for p in paths}


def objects(shared: StoreSettings) -> list[str]:
    return [p.name for p in sorted(Path(shared.store_url).rglob("state/**/*")) if p.is_file()]
