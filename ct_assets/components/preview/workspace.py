"""A workspace shows the rows of syncs as they are now, without running them."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

import dagster as dg
import polars as pl
from dagster_duckdb import DuckDBResource

from ct_assets.components.automation.partition_choice import rows_of
from ct_assets.components.preview.computed_source import computed
from ct_assets.components.preview.scratch import SplitRows, scratch, split_rows
from ct_assets.components.project import registry
from ct_assets.components.project.asset_keys import source_key
from ct_assets.components.project.locations import errors_at
from ct_assets.components.project.registry import TABLE, Declared
from ct_assets.delivery import Policy
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap_io_manager import accounts_of
from ct_assets.io_managers.delivery_requests import policy
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.destinations import FROM_ENVIRONMENT, Accounts
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource, warehouse_of
from ct_assets.mapping import Sync, rejected_keys
from ct_assets.mapping.declaration.problems import knowing
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.frames import SourceFrame
from ct_assets.staging import NotStagedError, Snapshot, Staging

T = TypeVar("T")


class UnseenSourceError(UserError):
    """Another asset makes the rows of a source, in a way that only a run can follow."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Reads and splits in folders of its own: no state, no staging and no asset changes."""

    syncs: Mapping[str, Declared]
    staging: Staging
    warehouse: Warehouse
    definitions: dg.Definitions
    accounts: Accounts = FROM_ENVIRONMENT

    @classmethod
    def of(cls, definitions: dg.Definitions) -> Self:
        """The workspace of definitions, with the resources that they have or lack."""
        return cls(
            syncs=registry.catalogue(definitions),
            staging=_resource(
                definitions, "ct_staging", ParquetStaging, ParquetStaging()
            ).staging(),
            warehouse=warehouse_of(
                _resource(definitions, "ct_warehouse", DuckDBResource, WarehouseResource())
            ),
            accounts=accounts_of((definitions.resources or {}).get("clevertap")),
            definitions=definitions,
        )

    def sync(self, name: str) -> Declared:
        return registry.find(self.syncs, name)

    def staged(self, sync: str, stage: str) -> Snapshot | None:
        """The snapshot of one of a sync's assets that was published last."""
        try:
            return self.staging.latest((sync, stage))
        except NotStagedError:
            return None

    def snapshot(self, sync: str, stage: str, partition: str | None = None) -> Snapshot:
        """The same, or that of a partition.

        Raises:
            UserError: There is no such sync, or nothing is staged yet.
        """
        key = (self.sync(sync).sync.name, stage)
        return self.staging.current(key, partition) if partition else self.staging.latest(key)

    def policy(self, sync: Sync) -> Policy:
        return policy(sync, sync.digest, frozenset(self.syncs))

    @contextlib.contextmanager
    def rows(
        self, declared: Declared, keys: dg.PartitionKeyRange | None = None
    ) -> Iterator[SplitRows]:
        """The rows as they are now, split; those of some partitions, or all."""
        unprofiled = self.rejected_profiles(declared.sync)
        with (
            self.source(declared) as source,
            errors_at(declared.place),
            knowing(source.left_out),
            split_rows(
                declared.sync, rows_of(declared.sync, source.rows, keys), unprofiled
            ) as rows,
        ):
            yield rows

    def rejected_profiles(self, sync: Sync) -> pl.LazyFrame | None:
        """The keys that the sync of `require_profile` rejected in its last run, if it had one."""
        if sync.rejecting is None:
            return None
        profiles = self.sync(sync.rejecting).sync
        rejected = self.staged(profiles.name, "rejected")
        return rejected_keys(profiles, rejected.scan()) if rejected else None

    @contextlib.contextmanager
    def source(self, declared: Declared) -> Iterator[SourceFrame]:
        """The source's rows as a run would read them now.

        Raises:
            UserError: They cannot be read.
            UnseenSourceError: Only a run can read them.
        """
        if declared.source is None:
            frame = computed(self.definitions, source_key(declared.sync))
            yield SourceFrame(self._last_read(declared.sync) if frame is None else frame)
            return
        with scratch() as drafts, drafts.draft(("source",)) as draft:
            before = self.staging.current_or_none(declared.source.source.key)
            left_out = declared.source.snapshot(draft, self.warehouse, before)
            yield SourceFrame(draft.scan(), left_out)

    def _last_read(self, sync: Sync) -> pl.LazyFrame:
        try:
            return self.staging.current(sync.source.split("/")).scan()
        except NotStagedError:
            raise UnseenSourceError(
                f"{sync.source} is made by another asset, and its rows are not known before it is "
                "materialized: do that in Dagster. To look at them without, have it give a frame, "
                f"or name the table that it writes as `{TABLE}` in its metadata"
            ) from None


def _resource(definitions: dg.Definitions, key: str, kind: type[T], default: T) -> T:
    resource = (definitions.resources or {}).get(key)
    return resource if isinstance(resource, kind) else default
