"""The assets of a sync: valid and rejected, clevertap, undelivered."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.components import checks, readings
from ct_assets.components.keys import key, source_key
from ct_assets.components.ordering import refuse_failing, wait_for_others
from ct_assets.components.splitting import split_into
from ct_assets.components.triggers import condition
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap import DeliveryOptions, Upload
from ct_assets.io_managers.failures import readable
from ct_assets.io_managers.parquet import ParquetStaging, described
from ct_assets.io_managers.staging import Draft, Snapshot
from ct_assets.mapping import Sync

COPY = "source.parquet"
DESCRIPTIONS = {
    "valid": "Rows that CleverTap can take, each with the record that is sent for it.",
    "rejected": "Rows that are not sent, with all columns of the source and the reasons.",
    "clevertap": "What CleverTap has been told, and its word on every record.",
    "undelivered": "Rows that CleverTap refused, or of which nobody knows whether it took them.",
}


def sync_assets(sync: Sync, metadata: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    return [split_asset(sync), clevertap_asset(sync, metadata), undelivered_asset(sync)]


def split_asset(sync: Sync) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{sync.name}__split",
        ins={"source": dg.AssetIn(source_key(sync), dagster_type=dg.Any)},
        outs={stage: _out(sync, stage) for stage in ("rejected", "valid")},
        check_specs=checks.specs(key(sync, "valid"), checks.SPLIT),
        can_subset=True,
    )
    def split_rows(
        context: dg.AssetExecutionContext,
        ct_staging: dg.ResourceParam[ParquetStaging],
        source: pl.LazyFrame | pl.DataFrame,
    ) -> Iterator[dg.Output[Draft] | dg.AssetCheckResult]:
        staging = ct_staging.staging()
        with (
            readable(),
            staging.draft((sync.name, "valid")) as valid,
            staging.draft((sync.name, "rejected")) as rejected,
        ):
            refuse_failing(context, source_key(sync))
            counts = split_into(sync, frozen(context, sync, source, valid), valid, rejected)
            (valid.folder / COPY).unlink(missing_ok=True)
            told = readings.split_metadata(valid.meta)
            for stage, draft in (("rejected", rejected), ("valid", valid)):
                columns = draft.scan().collect_schema()
                lineage = readings.lineage(sync, stage, columns, source_key(sync))
                said = {**told, "dagster/column_lineage": lineage}
                yield from _staged(context, ct_staging, key(sync, stage), draft, said)
            found = checks.of_split(sync, counts, valid.meta["reasons"])
            yield from checks.results(context, key(sync, "valid"), found)

    return split_rows


def frozen(
    context: dg.AssetExecutionContext, sync: Sync, source: object, draft: Draft
) -> pl.LazyFrame:
    """The rows as a file that nobody changes: what other I/O managers give is copied first."""
    if not isinstance(source, pl.LazyFrame | pl.DataFrame):
        raise UserError(
            f"{sync.source} gives a {type(source).__name__}, not a polars frame; declare a "
            f"SourceTable with `table: ...` and `upstream: [{sync.source}]`, and name that"
        )
    graph = context.job_def.asset_layer.asset_graph
    node = graph.get(source_key(sync))
    if isinstance(source, pl.LazyFrame) and node.io_manager_key == "ct_staging":
        return source
    copy = draft.folder / COPY
    source.lazy().sink_parquet(copy)
    return pl.scan_parquet(copy)


def clevertap_asset(sync: Sync, metadata: Mapping[str, Any]) -> dg.AssetsDefinition:
    # A multi-asset of one: only these can be asked for without their checks.
    @dg.multi_asset(
        name=f"{sync.name}__clevertap",
        ins={"valid": dg.AssetIn(key(sync, "valid"))},
        deps=[dg.AssetKey([name, "clevertap"]) for name in sync.after],
        outs={"clevertap": _out(sync, "clevertap", metadata, freshness(sync))},
        check_specs=checks.specs(key(sync, "clevertap"), checks.DELIVERY),
        can_subset=True,
    )
    def clevertap(
        context: dg.AssetExecutionContext,
        config: DeliveryOptions,
        ct_staging: dg.ResourceParam[ParquetStaging],
        valid: Snapshot,
    ) -> Iterator[dg.Output[Upload] | dg.AssetCheckResult]:
        with readable():
            wait_for_others(context, sync, ct_staging.staging())
        yield dg.Output(Upload(sync, valid, config, neighbours(context)), "clevertap")
        report = ct_staging.staging().current((sync.name, "clevertap"))
        found = checks.of_delivery(sync, report.meta["counts"])
        yield from checks.results(context, key(sync, "clevertap"), found)

    return clevertap


def freshness(sync: Sync) -> dg.FreshnessPolicy | None:
    hours = sync.fresh_within_hours
    return dg.FreshnessPolicy.time_window(timedelta(hours=hours)) if hours else None


def neighbours(context: dg.AssetExecutionContext) -> frozenset[str]:
    """All syncs of this deployment, whether this run sends them or not."""
    keys = context.job_def.asset_layer.asset_graph.get_all_asset_keys()
    return frozenset(key.path[0] for key in keys if key.path[-1] == "clevertap")


def undelivered_asset(sync: Sync) -> dg.AssetsDefinition:
    @dg.asset(
        key=key(sync, "undelivered"),
        description=described_as(sync, "undelivered"),
        kinds={"polars"},
        group_name=sync.group or sync.name,
        owners=list(sync.owners),
        tags=sync.tags,
        code_version=sync.digest,
        automation_condition=condition(sync),
        ins={"report": dg.AssetIn(key(sync, "clevertap"))},
        io_manager_key="ct_staging",
    )
    def undelivered(report: pl.LazyFrame) -> pl.LazyFrame:
        return report.filter(~pl.col("outcome").is_in(["acked", "unchanged"]))

    return undelivered


def _staged(
    context: dg.AssetExecutionContext,
    io_manager: ParquetStaging,
    asset: dg.AssetKey,
    draft: Draft,
    metadata: Mapping[str, Any],
) -> Iterator[dg.Output[Draft]]:
    """An output; where only its sibling was selected, it is refreshed and reported all the same."""
    if asset in context.selected_asset_keys:
        yield dg.Output(draft, asset.path[-1], metadata=metadata)
    else:
        snapshot = io_manager.staging().publish(draft)
        said = {**metadata, **described(snapshot)}
        context.log_event(dg.AssetMaterialization(asset, metadata=said))


def described_as(sync: Sync, stage: str) -> str:
    about = f"{sync.description}\n\n" if sync.description else ""
    return f"{about}{DESCRIPTIONS[stage]}"


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
    )
    manager = "clevertap" if stage == "clevertap" else "ct_staging"
    return dg.AssetOut.from_spec(spec, is_required=False, io_manager_key=manager)
