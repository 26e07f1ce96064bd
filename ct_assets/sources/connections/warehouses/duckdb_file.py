"""DuckdbFile is a file of DuckDB, read as the warehouse of a project is."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, NoReturn

from ct_assets.settings import project_root
from ct_assets.sources.connections.database import Database
from ct_assets.sources.duckdb_warehouse import Warehouse


@dataclass(frozen=True)
class DuckdbFile(Database):
    """`duckdb:///shop.duckdb` from the project's root, `duckdb:////data/shop.duckdb` from `/`."""

    title: ClassVar[str] = "DuckDB"
    kinds: ClassVar[frozenset[str]] = frozenset({"duckdb"})

    @property
    def path(self) -> Path:
        return project_root() / self.url.file

    def holds(self, database: str) -> bool:
        return database == self.path.stem

    def session(self, label: str) -> NoReturn:
        raise NotImplementedError(label)  # `within` is asked for instead

    def within(self, warehouse: Warehouse) -> Warehouse:
        """The same limits, and the same patience, for this file."""
        return replace(warehouse, database=self.path, seed=None)
