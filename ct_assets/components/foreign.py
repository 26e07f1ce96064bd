"""The rows of a source, whoever made it, in a file that nobody changes."""

from pathlib import Path

import dagster as dg
import polars as pl
from dagster._core.definitions.assets.graph.asset_graph import AssetNode

from ct_assets.components.source import DeclaredSource, Source
from ct_assets.errors import UserError, hushed
from ct_assets.io_managers.staging import Draft, Staging
from ct_assets.io_managers.warehouse import Warehouse

COPY = "source.parquet"
TABLE = "dagster/table_name"


def frozen(
    context: dg.AssetExecutionContext,
    node: AssetNode,
    staging: Staging,
    warehouse: Warehouse,
    draft: Draft,
) -> pl.LazyFrame:
    """All rows of the asset `node`: as we staged them, or else copied beside `draft`."""
    if node.io_manager_key == "ct_staging":
        return staging.current(node.key.path).scan()
    copy, found = draft.folder / COPY, _value(context, node.key)
    if isinstance(found, pl.LazyFrame | pl.DataFrame):
        found.lazy().sink_parquet(copy)
    elif table := _table(context, node):
        source = Source(asset=node.key.to_user_string(), table=table)
        read = DeclaredSource(source, Path(), Path())
        warehouse.snapshot(read.query, copy, called=read.called)
    else:
        raise _unusable(node.key.to_user_string(), found)
    return pl.scan_parquet(copy)


def _value(context: dg.AssetExecutionContext, asset: dg.AssetKey) -> object:
    """What the asset's I/O manager loads; its error if there is nothing that it can load."""
    try:
        return context.load_asset_value(asset)
    except Exception as error:
        hushed(error)
        return error


def _table(context: dg.AssetExecutionContext, node: AssetNode) -> str | None:
    """Where its rows are in the warehouse, as dbt, dagster-duckdb and others say it."""
    last = context.instance.get_latest_materialization_event(node.key)
    said = last.asset_materialization.metadata if last and last.asset_materialization else {}
    name = said.get(TABLE) or node.metadata.get(TABLE)
    if name is None:
        return None
    # Of database.schema.table the last two: the database is the warehouse's file.
    return ".".join(str(getattr(name, "value", name)).replace('"', "").split(".")[-2:])


def _unusable(asset: str, found: object) -> UserError:
    given = type(found).__name__
    what = f"cannot be loaded ({given})" if isinstance(found, Exception) else f"gives a {given}"
    return UserError(
        f"{asset} {what}, and names no table as `{TABLE}` in its metadata; a sync takes a polars "
        f"frame or a table of the warehouse. Declare a SourceTable with `table: ...` and "
        f"`upstream: [{asset}]`, and name that as the sync's source"
    )
