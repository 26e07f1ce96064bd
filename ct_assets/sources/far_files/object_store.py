"""ObjectStore lists and fetches the objects of a bucket, by the credentials of the environment."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ct_assets.errors import closest
from ct_assets.files import private_dir
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.formats import FileError
from ct_assets.store import bucket


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
        return value.partition("://")[0] in bucket.SCHEMES and "://" in value

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
                    for chunk in obstore.get(store, file.path).stream(min_chunk_size=bucket.CHUNK):
                        content.write(chunk)
                copies.append(copy)
        return copies

    def _opened(self) -> tuple[Any, Any]:
        address = f"{self.url.partition('://')[0]}://{self.bucket}"
        return bucket.opened(address, partial(driver, extra="objects"))

    def _told(self) -> AbstractContextManager[None]:
        return bucket.told(self.url, FileError, may="list or read")


def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?|\[!?\]?[^]]*\])", pattern)
    return re.compile("".join(_SIGNS.get(p) or _one_of(p) or re.escape(p) for p in parts))


_SIGNS = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}


def _one_of(part: str) -> str | None:
    """`[ab]`, or `[!ab]` for any other character."""
    if len(part) < 3 or not (part.startswith("[") and part.endswith("]")):
        return None
    other = part.startswith("[!")
    signs = re.sub(r"([\\^\[\]&~|])", r"\\\1", part[2 if other else 1 : -1])
    return f"(?!/)[{'^' if other else ''}{signs}]"


def _hidden(path: str) -> bool:
    """Whether it is a mark, such as `_SUCCESS`, or a file that is being written."""
    return path.rpartition("/")[2].startswith((".", "_"))
