"""ParquetIOManager keeps the LazyFrames that assets exchange as staged Parquet files."""

from datetime import timedelta
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from ct_assets.errors import UserError
from ct_assets.files import owners_files
from ct_assets.io_managers.metadata.column_docs import column_schema
from ct_assets.io_managers.step_errors import readable
from ct_assets.settings import data_dir, project_root
from ct_assets.sources.frames import lazy_frame
from ct_assets.staging import RANGE, Draft, Snapshot, Staging
from ct_assets.store.places import objects_of
from ct_assets.store.shared_staging import SharedStaging
from ct_assets.store.store_settings import shared_store


class ParquetStaging(dg.ConfigurableIOManager):
    """Assets as immutable Parquet files: a LazyFrame goes in, a LazyFrame comes out."""

    root: str | None = Field(default=None, description="Left out: `staging` in CT_DATA_DIR.")
    retention_hours: float = Field(
        default=24,
        description="How long a replaced snapshot, or an earlier one of a range, stays readable.",
    )

    def staging(self) -> Staging:
        """The snapshots of this disk, or those that hosts share, with copies on this disk."""
        retention = timedelta(hours=self.retention_hours)
        if store := shared_store():
            return SharedStaging(
                data_dir() / "cache",
                retention,
                objects=objects_of(store),
                cache_bytes=store.cache_bytes,
            )
        root = project_root() / self.root if self.root else data_dir() / "staging"
        return Staging(root, retention)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        with readable(), owners_files(data_dir()):
            if isinstance(obj, Draft):
                described = self.published(obj, context.asset_key.path[-1])
            else:
                frame = lazy_frame(obj)
                if frame is None:
                    raise UserError(
                        f"a {type(obj).__name__} is no table; return a frame of polars, pandas or "
                        "Arrow"
                    )
                with self.staging().draft(*name_of(context)) as draft:
                    draft.sink(frame)
                    described = self.published(draft, context.asset_key.path[-1])
            context.add_output_metadata(described)

    def published(self, draft: Draft, stage: str) -> dict[str, Any]:
        """Publishes a draft; returns its row count, column schema and name for Dagster."""
        staging = self.staging()
        snapshot = staging.publish(draft)
        frame = snapshot.scan()
        return {
            "dagster/row_count": frame.select(pl.len()).collect().item(),
            "dagster/column_schema": column_schema(frame, stage),
            "staged_as": staging.place(snapshot),
            "bytes": snapshot.path.stat().st_size,
        }

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame | Snapshot:
        with readable():
            snapshot = self.staging().current(*name_of(context))
        wanted = context.dagster_type.typing_type
        return snapshot if wanted is Snapshot else snapshot.scan()


def name_of(context: dg.OutputContext | dg.InputContext) -> tuple[list[str], str | None]:
    """Where an asset is staged; partitions that were made in one run are staged as one."""
    keys = context.asset_partition_key_range if context.has_asset_partitions else None
    return list(context.asset_key.path), keys and span(keys)


def span(keys: dg.PartitionKeyRange) -> str:
    return keys.start if keys.start == keys.end else f"{keys.start}{RANGE}{keys.end}"
