"""What the commands share: the declared syncs, and their rows without Dagster."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import dagster as dg
import polars as pl

from ct_assets.components import catalogue
from ct_assets.components.catalogue import Declared
from ct_assets.components.splitting import Counts, split_into
from ct_assets.io_managers.parquet import ParquetStaging
from ct_assets.io_managers.resources import WarehouseResource
from ct_assets.io_managers.staging import Draft, Staging

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """A sync's rows as they are now, split; the files are gone after the block that gave them."""

    valid: Draft
    rejected: Draft
    counts: Counts


@dataclass(frozen=True)
class Project:
    definitions: dg.Definitions
    syncs: Mapping[str, Declared]

    @staticmethod
    def load(module: str) -> "Project":
        definitions = catalogue.load(module)
        return Project(definitions, catalogue.catalogue(definitions))

    def sync(self, name: str) -> Declared:
        return catalogue.find(self.syncs, name)

    @property
    def staging(self) -> Staging:
        return self._resource("ct_staging", ParquetStaging()).staging()

    @contextlib.contextmanager
    def rows(self, declared: Declared) -> Iterator[Rows]:
        """Read the source and split it, in a folder of its own: nothing staged is touched."""
        with tempfile.TemporaryDirectory(prefix="ct-assets-") as folder:
            drafts = Staging(Path(folder))
            with (
                drafts.draft(("source",)) as source,
                drafts.draft(("valid",)) as valid,
                drafts.draft(("rejected",)) as rejected,
            ):
                frame = self._source(declared, source)
                yield Rows(valid, rejected, split_into(declared.sync, frame, valid, rejected))

    def _source(self, declared: Declared, draft: Draft) -> pl.LazyFrame:
        if declared.source is None:
            return self.staging.current(declared.sync.source.split("/")).scan()
        warehouse = self._resource("ct_warehouse", WarehouseResource()).warehouse()
        declared.source.snapshot(draft, warehouse)
        return draft.scan()

    def _resource(self, key: str, default: T) -> T:
        found = (self.definitions.resources or {}).get(key, default)
        return found if isinstance(found, type(default)) else default
