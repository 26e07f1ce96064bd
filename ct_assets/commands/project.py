"""What the commands share: the declared syncs, and their rows without Dagster."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import dagster as dg
import polars as pl

from ct_assets.commands.rows import Rows, scratch, split_rows
from ct_assets.components import catalogue
from ct_assets.components.catalogue import Declared
from ct_assets.delivery import Policy
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap import policy
from ct_assets.io_managers.parquet import ParquetStaging
from ct_assets.io_managers.resources import WarehouseResource
from ct_assets.io_managers.staging import NotStagedError, Snapshot, Staging
from ct_assets.mapping import Sync, rejected_keys

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    definitions: dg.Definitions
    syncs: Mapping[str, Declared]

    @staticmethod
    def load(module: str) -> "Project":
        try:
            definitions = catalogue.load(module)
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise
            raise UserError(
                f"there is no Python module {error.name!r} here; name the one that holds your "
                "Dagster definitions with --module or CT_DEFINITIONS"
            ) from None
        return Project(definitions, catalogue.catalogue(definitions))

    def sync(self, name: str) -> Declared:
        return catalogue.find(self.syncs, name)

    @property
    def staging(self) -> Staging:
        return self._resource("ct_staging", ParquetStaging()).staging()

    def staged(self, sync: str, stage: str) -> Snapshot | None:
        """The snapshot of one of a sync's assets that was published last."""
        try:
            return self.staging.latest((sync, stage))
        except NotStagedError:
            return None

    def policy(self, sync: Sync) -> Policy:
        return policy(sync, sync.digest, frozenset(self.syncs))

    @contextlib.contextmanager
    def rows(self, declared: Declared) -> Iterator[Rows]:
        """The rows as they are now, split."""
        with (
            self.source(declared) as source,
            split_rows(declared.sync, source, self.rejected_profiles(declared.sync)) as rows,
        ):
            yield rows

    def rejected_profiles(self, sync: Sync) -> pl.LazyFrame | None:
        """Whom the sync that `require_profile` names has rejected, as far as is known."""
        if sync.require_profile is None:
            return None
        profiles = self.sync(sync.require_profile).sync
        rejected = self.staged(profiles.name, "rejected")
        return rejected_keys(profiles, rejected.scan()) if rejected else None

    @contextlib.contextmanager
    def source(self, declared: Declared) -> Iterator[pl.LazyFrame]:
        """The source as it is now; an asset that is no SourceTable as it was staged."""
        if declared.source is None:
            yield self.staging.current(declared.sync.source.split("/")).scan()
            return
        warehouse = self._resource("ct_warehouse", WarehouseResource()).warehouse()
        with scratch() as drafts, drafts.draft(("source",)) as draft:
            declared.source.snapshot(draft, warehouse)
            yield draft.scan()

    def _resource(self, key: str, default: T) -> T:
        found = (self.definitions.resources or {}).get(key, default)
        return found if isinstance(found, type(default)) else default
