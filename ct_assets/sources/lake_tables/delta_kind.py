"""DeltaKind reads the rows of a Delta table."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.lake_tables.lake_rows import LakeKind, LakeRows
from ct_assets.sources.source_kind import Origin


class DeltaKind(LakeKind):
    def tag(self, value: str) -> str:  # noqa: ARG002
        return "deltalake"

    def rows(self, origin: Origin, warehouse: Warehouse) -> "DeltaRows":  # noqa: ARG002
        return DeltaRows(origin.value, origin.root)


@dataclass(frozen=True)
class DeltaRows(LakeRows):
    title: ClassVar[str] = "Delta"
    mark: ClassVar[str] = "_delta_log"
    modules: ClassVar[tuple[str, ...]] = ("_internal", "deltalake.")
    absent: ClassVar[frozenset[str]] = frozenset({"TableNotFoundError"})

    def scanned(self) -> pl.LazyFrame:
        return pl.scan_delta(self._table)

    def version(self) -> str:
        return f"version {self._table.version()} of {self._table.metadata().id}"

    @cached_property
    def _table(self) -> Any:  # noqa: ANN401 - deltalake's, an extra
        deltalake: Any = driver("deltalake", "delta")
        with self.opening(OSError):
            return deltalake.DeltaTable(self.address)
