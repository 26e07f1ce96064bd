"""DeltaKind reads the rows of a Delta table, of this machine or in a bucket, as of one version."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from ct_assets.errors import closest, disk_trouble, hushed, no_column
from ct_assets.sources import watermark
from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.far_files.object_store import ObjectStore
from ct_assets.sources.formats import FileError
from ct_assets.sources.source_kind import Origin, SourceKind, SourceRows
from ct_assets.staging import ROW_GROUP


class DeltaKind(SourceKind):
    """The folder of a Delta table."""

    in_warehouse = False

    def tag(self, value: str) -> str:  # noqa: ARG002
        return "deltalake"

    def problem(self, value: str) -> str | None:
        if "://" in value and not ObjectStore.names(value):
            return f"{value!r} is an address that is not read: only s3://, gs:// and az:// are."
        return None

    def rows(self, origin: Origin, warehouse: Warehouse) -> SourceRows:  # noqa: ARG002
        return DeltaRows(origin.value, origin.root)


@dataclass(frozen=True)
class DeltaRows(SourceRows):
    """The rows of the version that is the latest when one of them is asked for first."""

    url: str
    root: Path

    def snapshot(self, into: Path) -> Mapping[str, str]:
        with self._told():
            self._scanned().sink_parquet(
                into, compression="lz4", row_group_size=ROW_GROUP, statistics=False
            )
        return {}

    def written(self) -> str:
        with self._told():
            return f"version {self._table.version()} of {self._table.metadata().id}"

    def largest(self, column: str, wanted_by: str = "watermark") -> str:
        with self._told():
            columns = self._scanned().collect_schema().names()
            if column not in columns:
                raise FileError(f"{self.url}: {no_column(column, columns, wanted_by)}")
            return watermark.largest_of(self._scanned(), column, {})

    def count(self, beyond: tuple[str, str] | None) -> int:
        with self._told():
            rows = self._scanned()
            if beyond is not None:
                rows = watermark.beyond_of(rows, beyond, {})
            return int(rows.select(pl.len()).collect(engine="streaming").item())

    @property
    def _address(self) -> str:
        return self.url if ObjectStore.names(self.url) else str(self.root / self.url)

    @cached_property
    def _table(self) -> Any:  # noqa: ANN401 - deltalake's, an extra
        deltalake: Any = driver("deltalake", "delta")
        try:
            return deltalake.DeltaTable(self._address)
        except OSError as error:
            why = self._why(type(error).__name__)
            hushed(error)
            raise FileError(f"{self.url}: {why}") from None

    def _scanned(self) -> pl.LazyFrame:
        return pl.scan_delta(self._table)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Errors in our words: those of the libraries quote addresses that may be signed."""
        try:
            yield
        except FileError:
            raise
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            why = disk_trouble(error) or (
                f"one of its files cannot be read ({type(error).__name__}): was it removed since, "
                "such as by VACUUM? Read it again"
            )
            hushed(error)
            raise FileError(f"{self.url}: {why}") from None
        except Exception as error:
            if type(error).__module__ not in ("_internal", "deltalake.exceptions"):
                raise
            why = self._why(type(error).__name__)
            hushed(error)
            raise FileError(f"{self.url}: {why}") from None

    def _why(self, kind: str) -> str:
        if kind == "TableNotFoundError":
            return f"there is no Delta table{self._hint()}"
        return (
            f"it cannot be read as a Delta table ({kind}): is its address right, and may the "
            "credentials in the environment read it?"
        )

    def _hint(self) -> str:
        folder = Path(self._address)
        if ObjectStore.names(self.url) or not folder.parent.is_dir():
            return ""
        tables = [each.name for each in folder.parent.iterdir() if (each / "_delta_log").is_dir()]
        return closest(folder.name, tables)
