"""IcebergKind reads the rows of an Iceberg table: by its folder, its metadata, or a catalog."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from ct_assets.sources.connections.drivers import driver
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.far_files.object_store import ObjectStore
from ct_assets.sources.formats import FileError
from ct_assets.sources.formats.parquet_format import uuid_text
from ct_assets.sources.lake_tables.lake_rows import LakeKind, LakeRows
from ct_assets.sources.source_kind import Origin

# Else polars warns that its own planner, of one more package, would be faster.
os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
_METADATA = re.compile(r"(?:v(?P<plain>\d+)|(?P<numbered>\d+)-[^/]*?)(?:\.gz)?\.metadata\.json")
_OF_ENVIRONMENT = {
    "s3.endpoint": "AWS_ENDPOINT_URL",
    "s3.region": "AWS_REGION",
    "s3.access-key-id": "AWS_ACCESS_KEY_ID",
    "s3.secret-access-key": "AWS_SECRET_ACCESS_KEY",
    "s3.session-token": "AWS_SESSION_TOKEN",
}


class IcebergKind(LakeKind):
    """The folder of a table, a file of its metadata, or its name in a `catalog`."""

    def tag(self, value: str) -> str:  # noqa: ARG002
        return "iceberg"

    def rows(self, origin: Origin, warehouse: Warehouse) -> "IcebergRows":  # noqa: ARG002
        return IcebergRows(origin.value, origin.root, origin.catalog)


@dataclass(frozen=True)
class IcebergRows(LakeRows):
    catalog: str | None = None
    """One that PyIceberg knows: from `.pyiceberg.yaml`, or from variables of the environment."""

    title: ClassVar[str] = "Iceberg"
    article: ClassVar[str] = "an"
    mark: ClassVar[str] = "metadata"
    modules: ClassVar[tuple[str, ...]] = ("pyiceberg.", "pydantic", "sqlalchemy.", "requests.")
    absent: ClassVar[frozenset[str]] = frozenset({"NoSuchTableError", "NoSuchNamespaceError"})

    def scanned(self) -> pl.LazyFrame:
        rows = pl.scan_iceberg(self._table)
        return rows.with_columns(uuid_text(name) for name in self._uuids)

    def version(self) -> str:
        """A column that is renamed makes no snapshot, and a schema of another number."""
        metadata, snapshot = self._table.metadata, self._table.current_snapshot()
        of = f"schema {metadata.current_schema_id} of {metadata.table_uuid}"
        return f"snapshot {snapshot.snapshot_id if snapshot else None}, {of}"

    @property
    def _uuids(self) -> list[str]:
        """Columns of identifiers, which polars gives as bytes."""
        fields = self._table.schema().fields
        return [field.name for field in fields if str(field.field_type) == "uuid"]

    @cached_property
    def _table(self) -> Any:  # noqa: ANN401 - pyiceberg's, an extra
        driver("pyarrow", "iceberg")
        tables: Any = driver("pyiceberg.table", "iceberg")
        with self.opening(OSError, ValueError):
            if self.catalog is None:
                return tables.StaticTable.from_metadata(self._metadata, _properties())
            catalogs: Any = driver("pyiceberg.catalog", "iceberg")
            table = catalogs.load_catalog(self.catalog).load_table(self.url)
            # A static one stays at its version.
            return tables.StaticTable.from_metadata(table.metadata_location, table.io.properties)

    @property
    def _metadata(self) -> str:
        """The address of the latest metadata of the table.

        Without a catalog the one of the largest number is, which whoever writes makes last.
        """
        if self.address.endswith(".metadata.json"):
            return self.address
        if ObjectStore.names(self.address):
            pattern = f"{self.address.rstrip('/')}/metadata/*.metadata.json"
            store = ObjectStore(pattern)
            address = f"{pattern.partition('://')[0]}://{store.bucket}"
            found = [f"{address}/{file.path}" for file in store.files()]
        else:
            folder = Path(self.address) / self.mark
            found = [str(file.absolute()) for file in folder.glob("*.metadata.json")]
        numbered = {name: number for name in found if (number := _number(name)) is not None}
        if not numbered:
            raise FileError(f"{self.url}: there is no Iceberg table{self._hint()}")
        latest = [name for name, number in numbered.items() if number == max(numbered.values())]
        if len(latest) > 1:
            raise FileError(
                f"{self.url}: has two files of metadata with the number {max(numbered.values())}, "
                "and only its catalog knows which of them holds; name it as `catalog`"
            )
        return latest[0]


def _number(name: str) -> int | None:
    found = _METADATA.fullmatch(name.rpartition("/")[2])
    return int(found["plain"] or found["numbered"]) if found else None


def _properties() -> dict[str, str]:
    """How PyIceberg, and polars by it, reach a bucket: as all else here does."""
    return {
        name: os.environ[variable]
        for name, variable in _OF_ENVIRONMENT.items()
        if variable in os.environ
    }
