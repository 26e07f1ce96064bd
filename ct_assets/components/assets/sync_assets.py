"""SyncAssets builds the assets of a sync: valid and rejected, clevertap, undelivered."""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
import polars as pl
from dagster_duckdb import DuckDBResource

from ct_assets.clevertap.codes import (
    BEFORE_FROM_NOW,
    FILLED_ALREADY,
    FORGOTTEN,
    NOT_THERE,
    THERE_ALREADY,
)
from ct_assets.components.assets import asset_checks, run_context
from ct_assets.components.assets.log_asset import log_asset
from ct_assets.components.assets.split import split_metadata
from ct_assets.components.assets.split.split_run import SplitRun
from ct_assets.components.assets.upstream import wait_for_others
from ct_assets.components.automation import partitions
from ct_assets.components.automation.schedules import condition
from ct_assets.components.declared_component import Execute, executed_by
from ct_assets.components.project.asset_keys import key, source_key, upload_step
from ct_assets.components.project.locations import Place
from ct_assets.io_managers.delivery_requests import DeliveryOptions, Upload
from ct_assets.io_managers.metadata.delivery_metadata import undelivered_metadata
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.step_errors import readable
from ct_assets.io_managers.still_at_work import still_at_work
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.rules.catalog_names import LOG
from ct_assets.staging import Draft, NotStagedError, Snapshot

DESCRIPTIONS = {
    "valid": "Rows that CleverTap can take, each with the record that is sent for it.",
    "rejected": "Rows that are not sent, with all columns of the source and the reasons.",
    "clevertap": "The rows as they were delivered to CleverTap, each with its outcome.",
    LOG: "One row for each operation of the last delivery; the log has those of all.",
    "undelivered": "Rows that CleverTap refused, or of which it is not known whether it took them.",
}


def sync_assets(
    sync: Sync, at: Place, metadata: Mapping[str, Any], execute: Execute
) -> list[dg.AssetsDefinition]:
    log = [log_asset(sync, _out(sync, LOG), execute)] if sync.log else []
    return [
        split_asset(sync, at, execute),
        clevertap_asset(sync, metadata, execute),
        undelivered_asset(sync, execute),
        *log,
    ]


def split_asset(sync: Sync, at: Place, execute: Execute) -> dg.AssetsDefinition:
    required = sync.rejecting
    rejected_before = [dg.AssetKey([required, "rejected"])] if required else []

    @dg.multi_asset(
        name=f"{sync.name}__split",
        # No input: what an asset of others gives is found out when it is read.
        deps=[source_key(sync), *rejected_before],
        outs={stage: _out(sync, stage) for stage in ("rejected", "valid")},
        check_specs=asset_checks.specs(key(sync, "valid"), asset_checks.split_checks(sync)),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if sync.partition else None,
    )
    @executed_by(execute)
    def split_rows(
        context: dg.AssetExecutionContext,
        ct_staging: dg.ResourceParam[ParquetStaging],
        ct_warehouse: DuckDBResource,
    ) -> Iterator[dg.Output[Draft] | dg.AssetCheckResult]:
        begun = time.monotonic()
        staging, part = ct_staging.staging(), run_context.partition(context)
        with (
            readable(),
            staging.draft((sync.name, "valid"), part) as valid,
            staging.draft((sync.name, "rejected"), part) as rejected,
            still_at_work(context.log, context.instance, f"{sync.name}: splitting rows") as work,
        ):
            run_context.announce_destination(context, sync)
            run = SplitRun(
                context=context,
                sync=sync,
                staging=staging,
                valid=valid,
                rejected=rejected,
                work=work,
            )
            source = run.frozen_source(ct_warehouse)
            split = run.with_warnings(run.split(source, at))
            late = run.late_rows(source)
            yield from run.outputs(ct_staging, split, time.monotonic() - begun)
            findings = asset_checks.of_split(sync, split, late)
            yield from asset_checks.results(context, key(sync, "valid"), findings)

    return split_rows


def clevertap_asset(
    sync: Sync, metadata: Mapping[str, Any], execute: Execute
) -> dg.AssetsDefinition:
    # A multi-asset of one: only these can be asked for without their checks.
    @dg.multi_asset(
        name=upload_step(sync.name),
        ins={"valid": dg.AssetIn(key(sync, "valid"))},
        deps=[dg.AssetKey([name, "clevertap"]) for name in sync.after],
        outs={"clevertap": _out(sync, "clevertap", metadata, freshness(sync))},
        check_specs=asset_checks.specs(key(sync, "clevertap"), asset_checks.delivery_checks(sync)),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if sync.partition else None,
    )
    @executed_by(execute)
    def clevertap(
        context: dg.AssetExecutionContext,
        config: DeliveryOptions,
        ct_staging: dg.ResourceParam[ParquetStaging],
        valid: Snapshot,
    ) -> Iterator[dg.Output[Upload] | dg.AssetCheckResult]:
        part, staging = run_context.partition(context), ct_staging.staging()
        with readable():
            wait_for_others(context, sync, staging)
        sends = key(sync, "clevertap") in context.selected_asset_keys  # not its checks alone
        if sends:
            rejected = staging.current((sync.name, "rejected"), part) if sync.log else None
            yield dg.Output(_upload(context, sync, valid, config, rejected), "clevertap")
        delivery = staging.current((sync.name, "clevertap"), part).meta.delivery
        if delivery is None:
            raise NotStagedError((sync.name, "clevertap"), part)
        if sends and config.limit is None:
            partitions.delivered(sync, staging, delivery.destination, valid)
        findings = asset_checks.of_delivery(sync, delivery)
        yield from asset_checks.results(context, key(sync, "clevertap"), findings)

    return clevertap


def _upload(
    context: dg.AssetExecutionContext,
    sync: Sync,
    valid: Snapshot,
    config: DeliveryOptions,
    rejected: Snapshot | None,
) -> Upload:
    neighbours, part = run_context.neighbours(context), run_context.partition(context)
    is_example = run_context.is_example(context, sync)
    return Upload(
        *(sync, valid, config, neighbours, part, is_example),
        rejected=rejected,
        origin=run_context.origin(context, sync),
    )


def freshness(sync: Sync) -> dg.FreshnessPolicy | None:
    hours = sync.fresh_within_hours
    return dg.FreshnessPolicy.time_window(timedelta(hours=hours)) if hours else None


def undelivered_asset(sync: Sync, execute: Execute) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{sync.name}__undelivered",
        ins={"report": dg.AssetIn(key(sync, "clevertap"))},
        outs={"undelivered": _out(sync, "undelivered")},
        backfill_policy=dg.BackfillPolicy.single_run() if sync.partition else None,
    )
    @executed_by(execute)
    def undelivered(
        context: dg.AssetExecutionContext, report: pl.LazyFrame
    ) -> Iterator[dg.Output[pl.LazyFrame]]:
        rows = undelivered_rows(report)
        told = undelivered_metadata(sync, rows, run_context.partition(context))
        told |= split_metadata.links(sync, "clevertap")
        yield dg.Output(rows, "undelivered", metadata=told)

    return undelivered


def undelivered_rows(report: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of a delivery's report that are not at CleverTap, though they are meant to be."""
    left = [FORGOTTEN, BEFORE_FROM_NOW, NOT_THERE, THERE_ALREADY, FILLED_ALREADY]
    meant = pl.col("code").is_in(left)
    held = pl.col("outcome").eq("held") & meant.fill_null(value=False)
    return report.filter(~(held | pl.col("outcome").is_in(["acked", "unchanged"])))


def described_as(sync: Sync, stage: str) -> str:
    """The stage comes first: the catalog's list shows little more than that."""
    about = f"\n\n{sync.description}" if sync.description else ""
    return f"{DESCRIPTIONS[stage]}{about}"


def _out(
    sync: Sync,
    stage: str,
    metadata: Mapping[str, Any] | None = None,
    freshness_policy: dg.FreshnessPolicy | None = None,
) -> dg.AssetOut:
    spec = dg.AssetSpec(
        key(sync, stage),
        description=described_as(sync, stage),
        kinds={"clevertap" if stage == "clevertap" else "polars"},
        group_name=sync.group or sync.name,
        owners=sync.owners,
        tags=sync.tags,
        code_version=sync.digest,
        automation_condition=condition(sync),
        metadata=metadata,
        freshness_policy=freshness_policy,
        partitions_def=partitions.definition(sync),
    )
    manager = "clevertap" if stage == "clevertap" else "ct_staging"
    required = stage in ("undelivered", LOG)
    return dg.AssetOut.from_spec(spec, is_required=required, io_manager_key=manager)
