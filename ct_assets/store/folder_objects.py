"""FolderObjects keeps objects as files of a folder that all hosts reach, as on NFS."""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from ct_assets.files import private_dir, sync
from ct_assets.store.bucket import CHUNK
from ct_assets.store.objects import (
    ObjectEntry,
    ObjectExists,
    ObjectMissing,
    Objects,
    private_file,
    write_all,
)
from ct_assets.store.store_settings import StoreError

TRIES = 20
"""Of making a file in a folder that another host removes meanwhile, as an empty one."""


class FolderObjects(Objects):
    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = str(root)

    def put_bytes(self, name: str, data: bytes, *, new: bool = True) -> None:
        self._made(name, lambda: iter((data,)), new=new)

    def get_bytes(self, name: str) -> bytes:
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        try:
            with (self.root / name).open("rb") as content:
                while chunk := content.read(CHUNK):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectMissing(self.place, name) from None
        except OSError as error:
            raise self._told(error) from None

    def entries(self, prefix: str) -> Iterator[ObjectEntry]:
        for folder, _, files in os.walk(self.root / prefix):
            for path in (Path(folder, file) for file in files if not file.startswith(".")):
                with contextlib.suppress(FileNotFoundError):
                    stat = path.stat()
                    written = datetime.fromtimestamp(stat.st_mtime).astimezone()
                    name = path.relative_to(self.root).as_posix()
                    yield ObjectEntry(name, stat.st_size, written)

    def names_after(self, prefix: str, start: str) -> Iterator[str]:
        place = self.root / prefix  # no file of it is looked at, as `entries` does
        with contextlib.suppress(FileNotFoundError), os.scandir(place) as found:
            yield from (f"{prefix}{each.name}" for each in found if each.name >= start)

    def remove(self, name: str) -> None:
        path = self.root / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise self._told(error) from None
        with contextlib.suppress(OSError):  # until one has something in it
            for folder in path.relative_to(self.root).parents[:-1]:
                (self.root / folder).rmdir()

    def _create(self, name: str, file: Path) -> None:
        def chunks() -> Iterator[bytes]:
            with file.open("rb") as content:
                yield from iter(lambda: content.read(CHUNK), b"")

        self._made(name, chunks, new=True)

    def _made(self, name: str, chunks: Callable[[], Iterator[bytes]], *, new: bool) -> None:
        try:
            for left in reversed(range(TRIES)):
                try:
                    return self._write(self.root / name, chunks(), new=new)
                except FileNotFoundError:
                    if not left:
                        raise
        except FileExistsError:
            raise ObjectExists(self.place, name) from None
        except OSError as error:
            raise self._told(error) from None

    def _write(self, path: Path, chunks: Iterator[bytes], *, new: bool) -> None:
        private_dir(path.parent)
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial")
        try:
            with private_file(partial) as descriptor:
                for chunk in chunks:
                    write_all(descriptor, chunk)
                os.fsync(descriptor)
            if new:
                path.hardlink_to(partial)
            else:
                partial.replace(path)
            sync(path.parent)
        finally:
            partial.unlink(missing_ok=True)

    def _told(self, error: OSError) -> StoreError:
        return StoreError(f"{self.place}: {error.strerror or type(error).__name__}")
