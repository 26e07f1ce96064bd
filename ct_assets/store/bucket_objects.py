"""BucketObjects keeps objects in a bucket of S3, Google Cloud or Azure."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from ct_assets.store import bucket
from ct_assets.store.objects import ObjectEntry, ObjectExists, ObjectMissing, Objects
from ct_assets.store.store_settings import StoreError, driver

ONE_REQUEST = 32 << 20
"""Bytes of a file up to which it leaves in one request, which may be told to create only.

Larger ones leave in parts. Their names are made up by whoever writes them, so that no two hosts
write the same.
"""


class BucketObjects(Objects):
    """Objects below a URL, by the credentials of the environment."""

    def __init__(self, url: str) -> None:
        self.place = url

    def put_bytes(self, name: str, data: bytes, *, new: bool = True) -> None:
        self._put(name, data, mode="create" if new else "overwrite", use_multipart=False)

    def get_bytes(self, name: str) -> bytes:
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        with self._told():
            try:
                found = self._obstore.get(self._store, name)
                for chunk in found.stream(min_chunk_size=bucket.CHUNK):
                    yield bytes(chunk)
            except self._missing:
                raise ObjectMissing(self.place, name) from None

    def entries(self, prefix: str) -> Iterator[ObjectEntry]:
        return self._listed(prefix or None)

    def names_after(self, prefix: str, start: str) -> Iterator[str]:
        names = (entry.name for entry in self._listed(prefix, offset=f"{prefix}{start}"))
        return (name for name in names if name.startswith(prefix))

    def _listed(self, prefix: str | None, **settings: str) -> Iterator[ObjectEntry]:
        with self._told():
            pages = self._obstore.list(self._store, prefix=prefix, chunk_size=1000, **settings)
            for page in pages:
                for each in page:
                    yield ObjectEntry(each["path"], each["size"], each["last_modified"])

    def remove(self, name: str) -> None:
        with self._told(), suppress(*self._missing):
            self._obstore.delete(self._store, name)

    def _create(self, name: str, file: Path) -> None:
        if file.stat().st_size <= ONE_REQUEST:
            self._put(name, file, mode="create", use_multipart=False)
        elif self._is_there(name):
            raise ObjectExists(self.place, name)
        else:
            self._put(name, file, mode="overwrite", chunk_size=bucket.CHUNK, max_concurrency=4)

    def _is_there(self, name: str) -> bool:
        with self._told(), suppress(*self._missing):
            return bool(self._obstore.head(self._store, name))
        return False

    def _put(self, name: str, content: bytes | Path, **settings: object) -> None:
        with self._told():
            try:
                self._obstore.put(self._store, name, content, **settings)
            except (FileExistsError, driver("obstore.exceptions").AlreadyExistsError):
                raise ObjectExists(self.place, name) from None

    @cached_property
    def _store(self) -> Any:  # noqa: ANN401 - obstore has no types that a missing one could have
        return bucket.opened(self.place, driver)[0]

    @cached_property
    def _obstore(self) -> Any:  # noqa: ANN401
        return driver("obstore")

    @property
    def _missing(self) -> tuple[type[Exception], ...]:
        return FileNotFoundError, driver("obstore.exceptions").NotFoundError

    def _told(self) -> AbstractContextManager[None]:
        return bucket.told(self.place, StoreError, may="list, read and write")
