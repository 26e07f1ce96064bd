"""RunContext gives a step of a sync what it needs of its run: partitions, syncs, outputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from ct_assets.clevertap.destination import Destination, DestinationError
from ct_assets.components.automation.partitions import within
from ct_assets.components.project import registry
from ct_assets.components.project.asset_keys import key, source_key
from ct_assets.components.project.registry import sync_of
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap_io_manager import accounts_among
from ct_assets.io_managers.parquet_io_manager import ParquetStaging, span
from ct_assets.io_managers.resources import destinations
from ct_assets.mapping import Sync, rejected_keys
from ct_assets.mapping.split_inputs import sha256, split_digest
from ct_assets.sources.frames import SourceFrame
from ct_assets.staging import Draft, Snapshot, Staging


def of_partitions(
    context: dg.AssetExecutionContext, sync: Sync, whole: pl.LazyFrame
) -> pl.LazyFrame:
    """The rows that belong to this run's partitions; all, if the sync has none."""
    if sync.partition is None:
        return whole
    window = context.partition_time_window
    start = datetime.fromtimestamp(window.start.timestamp(), window.start.tzinfo)
    return within(whole, sync.partition, start, window.end)


def partition(context: dg.AssetExecutionContext) -> str | None:
    return span(context.partition_key_range) if _partitioned(context) else None


def partition_keys(context: dg.AssetExecutionContext) -> list[str]:
    return list(context.partition_keys) if _partitioned(context) else []


def _partitioned(context: dg.AssetExecutionContext) -> bool:
    """Of the step, not of the run: one run may send syncs with and without partitions."""
    return context.assets_def.partitions_def is not None


def deployment(context: dg.AssetExecutionContext) -> AssetGraph:
    """All assets of the code location; the graph of a run has those that were selected."""
    return context.job_def.asset_layer.asset_graph.source_asset_graph


def neighbours(context: dg.AssetExecutionContext) -> frozenset[str]:
    """All syncs of this deployment, whether this run sends them or not."""
    keys = deployment(context).get_all_asset_keys()
    return frozenset(key.path[0] for key in keys if key.path[-1] == "clevertap")


def is_example(context: dg.AssetExecutionContext, sync: Sync) -> bool:
    """Whether the sync reads the source that ships with this package."""
    return registry.is_example(deployment(context).get(source_key(sync)).metadata)


def origin(context: dg.AssetExecutionContext, sync: Sync) -> str:
    """The file or table that the sync's source reads, if it declares one."""
    source = source_key(sync)
    return registry.place_read(source, deployment(context).get(source).metadata)


def check_destinations(context: dg.AssetExecutionContext, source: dg.AssetKey) -> None:
    """Reads no source for syncs that have nowhere to go.

    Raises:
        DestinationError: This run sends syncs of the source, and none of them can be sent.
    """
    wrong: DestinationError | None = None
    for name in sorted(neighbours(context)):
        sync, _ = sync_of(deployment(context).get(dg.AssetKey([name, "clevertap"])).metadata)
        if source_key(sync) != source or not _delivers(context, sync):
            continue
        try:
            _destination(context, sync)
        except DestinationError as error:
            wrong = wrong or error
        else:
            return
    if wrong:
        context.log.warning(str(wrong))
        raise wrong


def announce_destination(context: dg.AssetExecutionContext, sync: Sync) -> None:
    """Says first of all where a run that delivers the sync will send.

    Not of a sandbox that has never run: the delivery starts it, and says so.

    Raises:
        DestinationError: It cannot.
    """
    if not _delivers(context, sync):
        return
    to = _destination(context, sync)
    if to is not None:
        context.log.info(f"{sync.name}: the destination is {destinations.label(to)}")
        destinations.tag_run(context.instance, context.run.run_id, to, sync.name)


def _delivers(context: dg.AssetExecutionContext, sync: Sync) -> bool:
    return key(sync, "clevertap") in context.job_def.asset_layer.executable_asset_keys


def _destination(context: dg.AssetExecutionContext, sync: Sync) -> Destination | None:
    return destinations.known(
        sync,
        context.instance,
        is_example=is_example(context, sync),
        accounts=accounts_among(context.job_def.resource_defs, context.instance),
    )


@dataclass(frozen=True)
class RejectedProfiles:
    """The people whom the sync that `require_profile` names has rejected."""

    profiles: Sync
    snapshot: Snapshot

    def keys(self) -> pl.LazyFrame:
        return rejected_keys(self.profiles, self.snapshot.scan())

    def inputs(self) -> tuple[str, str]:
        """All that decides them."""
        return self.profiles.model_dump_json(), sha256(self.snapshot.path)


def rejected_profiles(
    context: dg.AssetExecutionContext, sync: Sync, staging: Staging
) -> RejectedProfiles | None:
    if sync.rejecting is None:
        return None
    asset = dg.AssetKey([sync.rejecting, "clevertap"])
    graph = deployment(context)
    if not graph.has(asset):
        raise UserError(f"{sync.name}: require_profile: no sync {sync.rejecting!r}")
    profiles, _ = sync_of(graph.get(asset).metadata)
    return RejectedProfiles(profiles, staging.current((profiles.name, "rejected")))


def split_inputs(
    sync: Sync, source: SourceFrame, part: str | None, unprofiled: RejectedProfiles | None
) -> str:
    """The digest of all that decides a split; empty where that cannot be told."""
    if source.file is None:
        return ""
    others = unprofiled.inputs() if unprofiled else ()
    return split_digest(sync, source.file, source.rows.collect_schema(), part or "", *others)


def fields_elsewhere(
    context: dg.AssetExecutionContext, sync: Sync, staging: Staging
) -> frozenset[str]:
    """Fields of the other profile syncs to the same account, as they were split last."""
    graph, fields = deployment(context), set[str]()
    for name in neighbours(context) - {sync.name}:
        other, _ = sync_of(graph.get(dg.AssetKey([name, "clevertap"])).metadata)
        if other.object == sync.object and other.destination == sync.destination:
            split = staging.meta((name, "valid")).split
            fields |= set(split.types) if split else set()
    return frozenset(fields)


def staged(
    context: dg.AssetExecutionContext,
    io_manager: ParquetStaging,
    asset: dg.AssetKey,
    draft: Draft,
    metadata: Mapping[str, Any],
) -> Iterator[dg.Output[Draft]]:
    """An output; where only its sibling was selected, it is refreshed and reported all the same."""
    if asset in context.selected_asset_keys:
        yield dg.Output(draft, asset.path[-1], metadata=metadata)
        return
    metadata = {**metadata, **io_manager.published(draft, asset.path[-1])}
    parts: list[str | None] = [*partition_keys(context)]
    for part in parts or [None]:
        context.log_event(dg.AssetMaterialization(asset, metadata=metadata, partition=part))
