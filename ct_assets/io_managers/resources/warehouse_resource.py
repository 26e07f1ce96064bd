"""The warehouse of a project is a `DuckDBResource`: sources read its file and never write to it."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import Field

from ct_assets.errors import UserError
from ct_assets.files import private_dir
from ct_assets.settings import data_dir, project_root
from ct_assets.sources.duckdb_warehouse import LIMIT, Warehouse

# Whatever a resource says of these: sources read one file, and spill into a folder of their own.
_DECIDED = {
    "access_mode",
    "allowed_directories",
    "allowed_paths",
    "enable_external_access",
    "lock_configuration",
    "temp_directory",
}


PATIENCE = timedelta(hours=1)


class WarehouseResource(DuckDBResource):
    """The DuckDB file that sources read, opened read-only for the seconds of a snapshot."""

    database: str = Field(default="", description="Left out: `warehouse.duckdb` in CT_DATA_DIR.")
    seed: str | None = Field(
        default=None,
        description="CSV files that become the tables of a database that is not there yet.",
    )
    memory_limit: str = LIMIT

    @contextlib.contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that may write, for assets that make tables of the warehouse."""
        private_dir(self.path.parent)
        resource = DuckDBResource(database=str(self.path), connection_config=self.connection_config)
        with resource.get_connection() as connection:
            yield connection

    @property
    def path(self) -> Path:
        """The file; a relative one starts at the project's root."""
        database = _value(self.database)
        return project_root() / database if database else data_dir() / "warehouse.duckdb"


def warehouse_of_run(resource: DuckDBResource, context: dg.AssetExecutionContext) -> Warehouse:
    """The same for a step, which waits for a process that writes to it as for another run."""
    return replace(warehouse_of(resource), patience=PATIENCE, waiting=context.log.info)


def warehouse_of(resource: DuckDBResource) -> Warehouse:
    """The database of any `DuckDBResource`, to be read; its `connection_config` holds, too.

    Raises:
        UserError: It is no file.
    """
    settings = {
        name: value
        for name, value in resource.connection_config.items()
        if name.lower() not in _DECIDED
    }
    if isinstance(resource, WarehouseResource):
        return Warehouse(
            resource.path,
            seed=project_root() / resource.seed if resource.seed else None,
            settings={"memory_limit": resource.memory_limit, **settings},
        )
    database = _value(resource.database)
    if database in ("", ":memory:") or database.startswith(("md:", "motherduck:")):
        raise UserError(
            f"the resource `ct_warehouse` has the database {database!r}, which is no file; name a "
            "DuckDB file, or give the rows to syncs by assets of your own"
        )
    return Warehouse(Path(database), settings=settings)


def _value(setting: str) -> str:
    """Of a variable of the environment its value, where no run has put it in yet."""
    return setting.get_value() or str(setting) if isinstance(setting, dg.EnvVar) else setting
