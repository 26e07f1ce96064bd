import dagster as dg
from pydantic import Field

from ct_assets.settings import data_dir, project_root
from ct_assets.sources.duckdb_warehouse import Warehouse


class WarehouseResource(dg.ConfigurableResource[None]):
    """The DuckDB file that sources read, opened read-only for the seconds of a snapshot."""

    database: str | None = Field(
        default=None, description="Left out: `warehouse.duckdb` in CT_DATA_DIR."
    )
    seed: str | None = Field(
        default=None,
        description="CSV files that become the tables of a database that is not there yet.",
    )
    memory_limit: str = "512MB"

    def warehouse(self) -> Warehouse:
        return Warehouse(
            project_root() / self.database if self.database else data_dir() / "warehouse.duckdb",
            seed=project_root() / self.seed if self.seed else None,
            memory_limit=self.memory_limit,
        )
