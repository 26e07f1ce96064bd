"""LakeRows reads a table that is made of files and keeps its versions, as Delta and Iceberg do."""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from ct_assets.errors import UserError, closest, disk_trouble, hushed, no_column
from ct_assets.sources import watermark
from ct_assets.sources.far_files.object_store import ObjectStore
from ct_assets.sources.formats import FileError
from ct_assets.sources.source_kind import SourceKind, SourceRows
from ct_assets.staging import ROW_GROUP


class LakeKind(SourceKind):
    """The folder of a table."""

    in_warehouse = False

    def problem(self, value: str) -> str | None:
        if "://" in value and not ObjectStore.names(value):
            return f"{value!r} is an address that is not read: only s3://, gs:// and az:// are."
        return None


@dataclass(frozen=True)
class LakeRows(SourceRows):
    """The rows of the version that is the latest when one of them is asked for first."""

    url: str
    root: Path

    title: ClassVar[str]
    article: ClassVar[str] = "a"
    mark: ClassVar[str]
    """The folder that a folder of such a table has."""
    modules: ClassVar[tuple[str, ...]]
    """Those whose errors are of the table."""
    absent: ClassVar[frozenset[str]]
    """The names of errors that say that there is none."""

    @abstractmethod
    def scanned(self) -> pl.LazyFrame: ...

    @abstractmethod
    def version(self) -> str:
        """Another text after every change."""

    def snapshot(self, into: Path) -> Mapping[str, str]:
        with self.told():
            self.scanned().sink_parquet(
                into, compression="lz4", row_group_size=ROW_GROUP, statistics=False
            )
        return {}

    def written(self) -> str:
        with self.told():
            return self.version()

    def largest(self, column: str, wanted_by: str = "watermark") -> str:
        with self.told():
            columns = self.scanned().collect_schema().names()
            if column not in columns:
                raise FileError(f"{self.url}: {no_column(column, columns, wanted_by)}")
            return watermark.largest_of(self.scanned(), column, {})

    def count(self, beyond: tuple[str, str] | None) -> int:
        with self.told():
            rows = self.scanned()
            if beyond is not None:
                rows = watermark.beyond_of(rows, beyond, {})
            return int(rows.select(pl.len()).collect(engine="streaming").item())

    @property
    def address(self) -> str:
        return self.url if ObjectStore.names(self.url) else str(self.root / self.url)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Errors in our words: those of the libraries quote addresses that may be signed."""
        try:
            with self.opening():
                yield
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            why = disk_trouble(error) or (
                f"one of its files cannot be read ({type(error).__name__}): was it removed since, "
                "such as by VACUUM? Read it again"
            )
            hushed(error)
            raise FileError(f"{self.url}: {why}") from None

    @contextlib.contextmanager
    def opening(self, *also: type[BaseException]) -> Iterator[None]:
        """Errors of the table itself; those in `also` are, too."""
        try:
            yield
        except Exception as error:
            theirs = type(error).__module__.startswith(self.modules)
            if isinstance(error, UserError) or not (theirs or isinstance(error, also)):
                raise
            why = self._why(type(error).__name__)
            hushed(error)
            raise FileError(f"{self.url}: {why}") from None

    def _why(self, kind: str) -> str:
        if kind in self.absent:
            return f"there is no {self.title} table{self._hint()}"
        return (
            f"it cannot be read as {self.article} {self.title} table ({kind}): is its address "
            "right, and may the credentials in the environment read it?"
        )

    def _hint(self) -> str:
        folder = Path(self.address)
        if ObjectStore.names(self.url) or not folder.parent.is_dir():
            return ""
        tables = [each.name for each in folder.parent.iterdir() if (each / self.mark).is_dir()]
        return closest(folder.name, tables)
