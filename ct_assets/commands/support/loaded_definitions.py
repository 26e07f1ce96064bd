"""Loads the definitions of a module, with the syncs, staging and warehouse that they declare."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import dagster as dg
from dagster_duckdb import DuckDBResource

from ct_assets.components.preview.workspace import Workspace
from ct_assets.components.project import registry
from ct_assets.errors import UserError
from ct_assets.io_managers import destinations
from ct_assets.io_managers.delivery_requests import home
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.warehouse_resource import WarehouseResource, warehouse_of

T = TypeVar("T")


@dataclass(frozen=True)
class Project(Workspace):
    definitions: dg.Definitions

    def state(self, name: str) -> Path:
        """The folder of a sync's state, for the destination that it has now."""
        destination = destinations.known(self.sync(name).sync)
        return home(destinations.name_of(destination), name)

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
