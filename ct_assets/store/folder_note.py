"""FolderNote says which objects the files of a folder are, and whether they still are."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ct_assets.files import replacing

NOTE = ".published.json"
WORK = "work"


class KnownFile(NamedTuple):
    object: str
    size: int
    mtime_ns: int
    inode: int


class FolderNote:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Mapping[str, KnownFile] | None:
        """By names of files; None if there is no note, and nothing of one that is damaged."""
        try:
            told = json.loads((self._folder / NOTE).read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            return {}
        return {name: KnownFile(*each) for name, each in told.items()}

    def write(self, objects: Mapping[str, str]) -> None:
        """Notes the object of each file that is there."""
        told = {}
        for name, found in objects.items():
            with contextlib.suppress(FileNotFoundError):
                told[name] = self._file(name, found)
        with replacing(self._folder / NOTE) as partial:
            partial.write_text(json.dumps(told))

    def holds(self, name: str, known: KnownFile) -> bool:
        """Whether the file is the one that was noted, and was not written since."""
        with contextlib.suppress(FileNotFoundError):
            return self._file(name, known.object) == known
        return False

    def _file(self, name: str, found: str) -> KnownFile:
        stat = (self._folder / name).stat()
        return KnownFile(found, stat.st_size, stat.st_mtime_ns, stat.st_ino)


def files_of(folder: Path) -> Iterator[str]:
    """Names of the files in a folder that belong to its state."""
    for place, folders, files in os.walk(folder):
        top = Path(place) == folder
        folders[:] = [n for n in folders if not n.startswith(".") and not (top and n == WORK)]
        for name in files:
            if not name.startswith(".") and not name.endswith("-shm"):
                yield (Path(place) / name).relative_to(folder).as_posix()
