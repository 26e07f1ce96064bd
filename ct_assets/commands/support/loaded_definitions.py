"""Loads the definitions of a module, with the syncs, staging and warehouse that they declare."""

from dataclasses import dataclass
from typing import TypeVar

import dagster as dg
from dagster_duckdb import DuckDBResource

from ct_assets.components.preview.workspace import Desk
from ct_assets.components.project import registry
from ct_assets.errors import UserError
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.warehouse_resource import WarehouseResource, warehouse_of

T = TypeVar("T")


@dataclass(frozen=True)
class Project(Desk):
    definitions: dg.Definitions

    @staticmethod
    def load(module: str) -> "Project":
        try:
            definitions = registry.load(module)
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise
            raise UserError(
                f"there is no Python module {error.name!r} here; name the one that holds your "
                "Dagster definitions with --module or CT_DEFINITIONS"
            ) from None
        return Project.of(definitions)

    @staticmethod
    def of(definitions: dg.Definitions) -> "Project":
        return Project(
            syncs=registry.catalogue(definitions),
            staging=_resource(
                definitions, "ct_staging", ParquetStaging, ParquetStaging()
            ).staging(),
            warehouse=warehouse_of(
                _resource(definitions, "ct_warehouse", DuckDBResource, WarehouseResource())
            ),
            definitions=definitions,
        )


def _resource(definitions: dg.Definitions, key: str, kind: type[T], default: T) -> T:
    resource = (definitions.resources or {}).get(key)
    return resource if isinstance(resource, kind) else default
