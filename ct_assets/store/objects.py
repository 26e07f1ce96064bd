"""Objects keeps files by name where all hosts reach them: in a bucket, or a shared folder."""

import contextlib
import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ct_assets.files import private_dir
from ct_assets.store.store_settings import StoreError

PROBES = "probe/"


class ObjectMissing(StoreError):  # noqa: N818 - a state, by which callers decide
    """An object that is to be read is not there."""

    def __init__(self, place: str, name: str, advice: str = "") -> None:
        super().__init__(f"{name} is missing in {place}{advice}")
        self.name = name


class ObjectExists(StoreError):  # noqa: N818
    """An object that is to be made is there already, with other content."""

    def __init__(self, place: str, name: str) -> None:
        super().__init__(f"{name} is in {place} already, with other content")


class ObjectDamaged(StoreError):  # noqa: N818
    """An object is not as it was written."""


@dataclass(frozen=True)
class ObjectEntry:
    name: str
    size: int
    """Bytes."""
    written: datetime
    """By the clock of the store."""


class Objects(ABC):
    """Files by names such as `staging/shop/person/data.parquet`, below one place.

    All methods raise StoreError, with what is wrong and where, if the store does not do its part.
    """

    place: str
    """As texts name it."""

    def put_new(self, name: str, file: Path) -> None:
        """Makes an object of a file; one of the same content may be there already.

        Raises:
            ObjectExists: One of other content is.
        """
        try:
            self._create(name, file)
        except ObjectExists:
            # An answer that was lost has it written twice.
            if not self._has(name, file):
                raise

    @abstractmethod
    def put_bytes(self, name: str, data: bytes, *, new: bool = True) -> None:
        """Makes a small object; one that is there is replaced, unless it is to be `new`.

        Raises:
            ObjectExists: It is to be new, and is there already, whatever its content.
        """

    @abstractmethod
    def get_bytes(self, name: str) -> bytes:
        """The content of a small object.

        Raises:
            ObjectMissing: There is none.
        """

    @abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of an object, in parts.

        Raises:
            ObjectMissing: There is none.
        """

    @abstractmethod
    def entries(self, prefix: str) -> Iterator[ObjectEntry]:
        """All below a folder, such as `staging/shop/`, in no certain order."""

    @abstractmethod
    def names_after(self, prefix: str, start: str) -> Iterator[str]:
        """Names below a folder whose part within it is `start`, or sorts after it."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Removes an object; does nothing if it is gone."""

    @abstractmethod
    def _create(self, name: str, file: Path) -> None: ...

    def fetch(self, name: str, to: Path) -> None:
        """Copies an object to a file, which is there whole or not at all.

        Raises:
            ObjectMissing: There is none.
        """
        partial = private_dir(to.parent) / f".{to.name}.{uuid.uuid4().hex[:12]}.partial"
        try:
            with private_file(partial) as descriptor:
                for chunk in self.chunks(name):
                    write_all(descriptor, chunk)
                os.fsync(descriptor)
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)

    def names(self, prefix: str) -> Iterator[str]:
        return (entry.name for entry in self.entries(prefix))

    def probe(self) -> None:
        """Tries that objects can be made, read, listed and removed, and are never made twice.

        Raises:
            StoreError: The store does not do all of this.
        """
        name, content = f"{PROBES}{uuid.uuid4().hex}", uuid.uuid4().bytes
        self.put_bytes(name, content)
        try:
            self._probe(name, content)
        finally:
            self.remove(name)

    def _probe(self, name: str, content: bytes) -> None:
        try:
            self.put_bytes(name, b"another")
        except ObjectExists:
            pass
        else:
            raise StoreError(
                f"{self.place} lets an object that exists be made again: it does not honour "
                "conditional writes (If-None-Match), without which hosts would overwrite each "
                "other's state; use a store that does, such as S3, GCS, Azure or MinIO"
            )
        if self.get_bytes(name) != content or name not in self.names(PROBES):
            raise StoreError(f"{self.place} does not show what was just written to it")

    def _has(self, name: str, file: Path) -> bool:
        with file.open("rb") as content:
            same = all(content.read(len(chunk)) == chunk for chunk in self.chunks(name))
            return same and not content.read(1)


@contextlib.contextmanager
def private_file(path: Path) -> Iterator[int]:
    """A new file that its owner alone can read, as a descriptor to write to."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_all(descriptor: int, chunk: bytes) -> None:
    """Writes all of it, where the system takes less at once."""
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]
