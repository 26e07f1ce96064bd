"""ObjectStore lists and fetches the objects of a bucket, by the credentials of the environment."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ct_assets.errors import closest, hushed
from ct_assets.files import private_dir
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.formats import FileError

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss", "adl")
RETRIES = 5
CHUNK = 8 << 20
"""Bytes that are held at once."""


@dataclass(frozen=True)
class FarFile:
    path: str
    """In the bucket."""
    state: str
    """Another text after every change."""


@dataclass(frozen=True)
class ObjectStore:
    """The objects that `url` names: `s3://bucket/folder/*.parquet`."""

    url: str

    @staticmethod
    def names(value: str) -> bool:
        """Whether a `file:` is far away."""
        return value.partition("://")[0] in SCHEMES and "://" in value

    @property
    def pattern(self) -> str:
        return self.url.partition("://")[2].partition("/")[2]

    @property
    def bucket(self) -> str:
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def fixed(self) -> str:
        """The folders of the pattern in which nothing is open, with a / behind."""
        before = re.split(r"[*?\[]", self.pattern)[0]
        return before[: before.rfind("/") + 1]

    def files(self) -> Sequence[FarFile]:
        """The objects that match, in a stable order.

        Raises:
            FileError: There are none, or the bucket cannot be listed.
        """
        matches = _glob(self.pattern)
        with self._told():
            store, obstore = self._opened()
            pages = obstore.list(store, prefix=self.fixed or None)
            found = [each for page in pages for each in page]
        files = [
            FarFile(each["path"], f"{each['e_tag']} {each['size']} {each['last_modified']}")
            for each in found
            if matches.fullmatch(each["path"]) and not _hidden(each["path"])
        ]
        if not files:
            names = [each["path"].rpartition("/")[2] for each in found]
            hint = closest(self.pattern.rpartition("/")[2], names)
            raise FileError(f"no file matches {self.url!r}{hint}")
        return sorted(files, key=lambda file: file.path)

    def fetch(self, files: Sequence[FarFile], folder: Path) -> list[Path]:
        """Copies of the objects, in the folders that they have there."""
        copies = []
        with self._told():
            store, obstore = self._opened()
            for file in files:
                copy = folder / file.path.removeprefix(self.fixed)
                private_dir(copy.parent)
                with copy.open("wb") as content:
                    for chunk in obstore.get(store, file.path).stream(min_chunk_size=CHUNK):
                        content.write(chunk)
                copies.append(copy)
        return copies

    def _opened(self) -> tuple[Any, Any]:
        obstore: Any = driver("obstore", "objects")
        store: Any = driver("obstore.store", "objects")
        address = f"{self.url.partition('://')[0]}://{self.bucket}"
        return store.from_url(address, retry_config={"max_retries": RETRIES}), obstore

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the store in our words: its own quote addresses that may be signed."""
        try:
            yield
        except (OSError, FileError):
            raise
        except Exception as error:
            if not type(error).__module__.startswith("obstore"):
                raise
            reason = _reason(type(error).__name__, str(error))
            hushed(error)
            raise FileError(f"{self.url}: {reason.format(bucket=self.bucket)}") from None


def _reason(kind: str, text: str) -> str:
    if kind == "PermissionDeniedError" or "403 Forbidden" in text or "AccessDenied" in text:
        return "these credentials may not list or read bucket {bucket}"
    if kind == "UnauthenticatedError" or "401 Unauthorized" in text:
        return "the credentials in the environment are not accepted"
    if "NoSuchBucket" in text or "ContainerNotFound" in text or "404 Not Found" in text:
        return "there is no bucket {bucket}"
    if "169.254.169.254" in text or "instance metadata" in text.lower():
        return "no credentials are in the environment, and this machine has none of its own"
    if kind == "NotFoundError":
        return "a file went while it was read; read it again"
    return "the store does not answer; is its address right, and is it in reach?"


def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", pattern)
    signs = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}
    return re.compile(
        "".join(signs.get(p) or (p if p.startswith("[") and p.endswith("]") else re.escape(p))
                for p in parts)
    )  # fmt: skip


def _hidden(path: str) -> bool:
    """Whether it is a mark, such as `_SUCCESS`, or a file that is being written."""
    return path.rpartition("/")[2].startswith((".", "_"))
