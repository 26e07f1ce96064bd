"""SourceRows puts the rows of any asset into a file that does not change under a split."""

from collections.abc import Mapping

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetNode

from ct_assets.components.project.connection_resources import connections_of
from ct_assets.components.project.registry import TABLE, named_table
from ct_assets.errors import UserError, hushed
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.frames import SourceFrame, lazy_frame
from ct_assets.staging import ROW_GROUP, Draft, Staging, scan

COPY = "source.parquet"


def frozen(
    context: dg.AssetExecutionContext,
    node: AssetNode,
    staging: Staging,
    warehouse: Warehouse,
    draft: Draft,
) -> SourceFrame:
    """All rows of the asset `node`: as we staged them, or else copied beside `draft`."""
    left_out: Mapping[str, str]
    if node.io_manager_key == "ct_staging":
        snapshot = staging.current(node.key.path)
        source = snapshot.meta.source
        left_out = source.left_out if source else {}
        return SourceFrame(snapshot.scan(), left_out, snapshot.path)
    left_out = {}
    copy, value = draft.folder / COPY, _value(context, node)
    if (frame := lazy_frame(value)) is not None:
        frame.sink_parquet(copy, row_group_size=ROW_GROUP)
    elif table := _table(context, node):
        connected = table.connected(connections_of(context.job_def.resource_defs))
        left_out = connected.rows(warehouse).snapshot(copy)
    else:
        raise _unusable(node.key.to_user_string(), value)
    return SourceFrame(scan(copy), left_out, copy)


def _value(context: dg.AssetExecutionContext, node: AssetNode) -> object:
    """The value that the asset's I/O manager loads, or its error."""
    if node.is_executable and _gives_nothing(node):
        return None  # a value of it would be from when it still gave one
    try:
        return context.load_asset_value(node.key)
    except Exception as error:
        hushed(error)
        return error


def _gives_nothing(node: AssetNode) -> bool:
    asset = node.assets_def
    output = asset.node_def.output_def_named(asset.get_output_name_for_asset_key(node.key))
    return output.dagster_type.is_nothing


def _table(context: dg.AssetExecutionContext, node: AssetNode) -> DeclaredSource | None:
    last = context.instance.get_latest_materialization_event(node.key)
    metadata = last.asset_materialization.metadata if last and last.asset_materialization else {}
    return named_table(node.key, {**node.metadata, **metadata}, node.kinds)


def _unusable(asset: str, value: object) -> UserError:
    kind = type(value).__name__
    given = "nothing" if value is None else f"a {kind}"
    fault = f"cannot be loaded ({kind})" if isinstance(value, Exception) else f"gives {given}"
    return UserError(
        f"{asset} {fault}, and names no table as `{TABLE}` in its metadata; a sync takes a frame "
        f"of polars, pandas or Arrow, or a table of the warehouse. Declare a SourceTable with "
        f"`table: ...` and `upstream: [{asset}]`, and name that as the sync's source"
    )
