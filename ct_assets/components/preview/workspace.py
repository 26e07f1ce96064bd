"""A workspace shows the rows of syncs as they are now, without running them."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from ct_assets.components.preview.scratch import SplitRows, scratch, split_rows
from ct_assets.components.project import registry
from ct_assets.components.project.locations import errors_at
from ct_assets.components.project.registry import Declared
from ct_assets.delivery import Policy
from ct_assets.errors import UserError
from ct_assets.io_managers.delivery_requests import policy
from ct_assets.io_managers.destinations import FROM_ENVIRONMENT, Accounts
from ct_assets.mapping import Sync, rejected_keys
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.staging import NotStagedError, Snapshot, Staging


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Reads and splits in folders of its own: no state, no staging and no asset changes."""

    syncs: Mapping[str, Declared]
    staging: Staging
    warehouse: Warehouse
    accounts: Accounts = FROM_ENVIRONMENT

    def sync(self, name: str) -> Declared:
        return registry.find(self.syncs, name)

    def staged(self, sync: str, stage: str) -> Snapshot | None:
        """The snapshot of one of a sync's assets that was published last."""
        try:
            return self.staging.latest((sync, stage))
        except NotStagedError:
            return None

    def policy(self, sync: Sync) -> Policy:
        return policy(sync, sync.digest, frozenset(self.syncs))

    @contextlib.contextmanager
    def rows(self, declared: Declared) -> Iterator[SplitRows]:
        """The rows as they are now, split."""
        unprofiled = self.rejected_profiles(declared.sync)
        with (
            self.source(declared) as source,
            errors_at(declared.place),
            split_rows(declared.sync, source, unprofiled) as rows,
        ):
            yield rows

    def rejected_profiles(self, sync: Sync) -> pl.LazyFrame | None:
        """The keys that the sync of `require_profile` rejected in its last run, if it had one."""
        if sync.require_profile is None:
            return None
        profiles = self.sync(sync.require_profile).sync
        rejected = self.staged(profiles.name, "rejected")
        return rejected_keys(profiles, rejected.scan()) if rejected else None

    @contextlib.contextmanager
    def source(self, declared: Declared) -> Iterator[pl.LazyFrame]:
        """The source's rows as they are now; of an asset that is no SourceTable, as last read."""
        if declared.source is None:
            yield self._last_read(declared.sync)
            return
        with scratch() as drafts, drafts.draft(("source",)) as draft:
            declared.source.snapshot(draft, self.warehouse)
            yield draft.scan()

    def _last_read(self, sync: Sync) -> pl.LazyFrame:
        try:
            return self.staging.current(sync.source.split("/")).scan()
        except NotStagedError:
            raise UserError(
                f"{sync.source} is made by another asset, whose rows only a run of {sync.name} can "
                f"load: ct-assets run {sync.name} --limit 3. To look at them without, have it "
                f"write a table and name that in its metadata, or read it with a SourceTable"
            ) from None
