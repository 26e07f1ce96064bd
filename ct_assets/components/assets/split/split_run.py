"""SplitRun splits the source of a sync in a run of Dagster, and publishes what came of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from ct_assets.components.assets import run_context
from ct_assets.components.assets.source_rows import COPY, frozen
from ct_assets.components.assets.split import split_metadata
from ct_assets.components.assets.split.last_split import LastSplit
from ct_assets.components.assets.split.split_again import taken_over
from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.assets.split.split_warnings import told, with_warnings
from ct_assets.components.assets.upstream import refuse_failing
from ct_assets.components.automation import partitions
from ct_assets.components.project.asset_keys import key, source_key
from ct_assets.components.project.locations import Place, errors_at
from ct_assets.io_managers.delivery_requests import CHANGED
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import warehouse_of_run
from ct_assets.io_managers.still_at_work import StillAtWork
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.problems import knowing
from ct_assets.mapping.rejections import reason_keys
from ct_assets.snapshot_meta import SnapshotMeta, SplitMeta
from ct_assets.sources.frames import SourceFrame
from ct_assets.staging import Draft, Staging, height


@dataclass(frozen=True, kw_only=True)
class SplitRun:
    """Its steps are called in their order; both drafts are published by the last one."""

    context: dg.AssetExecutionContext
    sync: Sync
    staging: Staging
    valid: Draft
    rejected: Draft
    work: StillAtWork

    def frozen_source(self, ct_warehouse: DuckDBResource) -> SourceFrame:
        """All rows of the source, in a file that does not change."""
        refuse_failing(self.context, source_key(self.sync))
        node = run_context.deployment(self.context).get(source_key(self.sync))
        warehouse = warehouse_of_run(ct_warehouse, self.context)
        return frozen(self.context, node, self.staging, warehouse, self.valid)

    def split(self, source: SourceFrame, at: Place) -> SplitMeta:
        """Fills both drafts with the rows of the run's partitions."""
        sync, part = self.sync, run_context.partition(self.context)
        of_run = partial(run_context.of_partitions, self.context, sync)
        last = LastSplit(sync, self.staging, part, of_run)
        unprofiled = run_context.rejected_profiles(self.context, sync, self.staging)
        with errors_at(at), knowing(source.left_out):
            inputs = run_context.split_inputs(sync, source, part, unprofiled)
            split = taken_over(sync, self.staging, part, inputs, self.valid, self.rejected)
            if split is None:
                keys = unprofiled.keys() if unprofiled else None
                drafts = self.valid, self.rejected
                split = split_into(sync, of_run(source.rows), *drafts, keys, inputs, last.by)
                self._say_kept(split)
                return last.told(split, self.valid, source.file)
        self.work.say(f"{sync.name}: nothing has changed since the last split")
        return split

    def _say_kept(self, split: SplitMeta) -> None:
        if CHANGED in split.checksums:
            kept = split.counts.valid - height(self.valid.folder / CHANGED)
            self.work.say(f"{self.sync.name}: {kept:,} rows are as they were in the last split")

    def with_warnings(self, split: SplitMeta) -> SplitMeta:
        """The same with what it should tell of the whole snapshot; kept in the meta of `valid`."""
        self.work.begin(f"{self.sync.name}: looking for hazards")
        before = self.staging.latest_meta((self.sync.name, "valid")).split
        elsewhere = run_context.fields_elsewhere(self.context, self.sync, self.staging)
        warned = with_warnings(self.sync, self.valid, split, before, elsewhere)
        for line in told(self.sync.name, warned):
            self.context.log.warning(line)
        self.valid.meta = SnapshotMeta(split=warned)
        return warned

    def late_rows(self, source: SourceFrame) -> Mapping[str, int]:
        """Rows by partition that came late: see `partitions.take_stock`."""
        if self.sync.partition:
            self.work.begin(f"{self.sync.name}: counting the rows of each partition")
        keys = run_context.partition_keys(self.context)
        return partitions.take_stock(self.sync, source.rows, self.staging, self.valid, keys)

    def outputs(
        self, ct_staging: ParquetStaging, split: SplitMeta, seconds: float
    ) -> Iterator[dg.Output[Draft]]:
        """Those of the two assets, with their metadata; the split took `seconds`."""
        sync, rejected = self.sync, self.rejected.scan()
        (self.valid.folder / COPY).unlink(missing_ok=True)
        keys = reason_keys(sync, rejected) if sync.show_keys != "off" else {}
        metadata = split_metadata.split_metadata(sync, split, seconds, keys)
        part = run_context.partition(self.context)
        listed = split_metadata.rejected_rows(sync, rejected, part) | metadata
        self.work.begin(f"{sync.name}: {_publishing(run_context.partition_keys(self.context))}")
        yield from self._output(ct_staging, "rejected", self.rejected, listed)
        yield from self._output(ct_staging, "valid", self.valid, metadata)

    def _output(
        self, ct_staging: ParquetStaging, stage: str, draft: Draft, metadata: Mapping[str, Any]
    ) -> Iterator[dg.Output[Draft]]:
        columns = draft.scan().collect_schema()
        lineage = split_metadata.lineage(self.sync, stage, columns, source_key(self.sync))
        told = {**metadata, "dagster/column_lineage": lineage}
        yield from run_context.staged(self.context, ct_staging, key(self.sync, stage), draft, told)


def _publishing(partitions_of_run: Collection[str]) -> str:
    """Dagster takes an event for each partition, which is long for many of them."""
    many = len(partitions_of_run)
    events = f", with an event for each of {many:,} partitions" if many > 1 else ""
    return f"publishing the rows{events}"
