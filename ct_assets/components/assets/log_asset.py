"""LogAsset builds the asset of a sync's log, and brings the log to its table if it has one."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.components.assets import run_context
from ct_assets.components.declared_component import Execute, executed_by
from ct_assets.components.project.asset_keys import key
from ct_assets.components.project.connection_resources import connections_of, unknown_connection
from ct_assets.delivery.settlement import log_files
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.errors import UserError
from ct_assets.io_managers.delivery_requests import home
from ct_assets.io_managers.log_tables.log_connection import log_table
from ct_assets.io_managers.log_tables.log_table import take_in
from ct_assets.io_managers.metadata.metadata_tables import table
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.step_errors import readable
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.rules.catalog_names import LOG
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.staging import Draft

PATIENCE = timedelta(hours=1)


def log_asset(sync: Sync, out: dg.AssetOut, execute: Execute) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{sync.name}__log",
        deps=[key(sync, "clevertap")],
        outs={LOG: out},
        backfill_policy=dg.BackfillPolicy.single_run() if sync.partition else None,
    )
    @executed_by(execute)
    def log(
        context: dg.AssetExecutionContext, ct_staging: dg.ResourceParam[ParquetStaging]
    ) -> Iterator[dg.Output[Draft]]:
        part, staging = run_context.partition(context), ct_staging.staging()
        with readable(), staging.draft((sync.name, LOG), part) as draft:
            delivery = staging.current((sync.name, "clevertap"), part).meta.delivery
            place = home(delivery.destination if delivery else "", sync.name)
            with reading(place, PATIENCE, needs=f"{log_files.FOLDER}/*"):
                files = log_files.files(place)
                shutil.copyfile(_latest(files, sync), draft.path)
                told = _in_table(context, sync, place, files)
            yield dg.Output(draft, LOG, metadata={**_counts(draft.scan()), **told})

    return log


def _latest(files: list[Path], sync: Sync) -> Path:
    if not files:
        raise UserError(
            f"{sync.name}: there is no log yet; it begins with the next delivery: "
            f"materialize {sync.name}/clevertap"
        )
    return files[-1]


def _counts(rows: pl.LazyFrame) -> Mapping[str, Any]:
    """Of the latest delivery, as the catalog shows them."""
    counted = rows.group_by("outcome", "change").len("rows").sort("outcome", "change")
    lines = counted.collect(engine="streaming").iter_rows(named=True)
    shown = table(
        ({**line, "change": line["change"] or ""} for line in lines),
        {"outcome": "string", "change": "string", "rows": "int"},
    )
    return {"outcomes": shown, "log_version": str(log_files.VERSION)}


def _in_table(
    context: dg.AssetExecutionContext, sync: Sync, place: Path, files: list[Path]
) -> Mapping[str, Any]:
    """Has the table hold what the files do, if the log is to be in one."""
    if sync.log is None or sync.log.connection is None or sync.log.table is None:
        return {}
    connections = connections_of(context.job_def.resource_defs)
    before = datetime.now(UTC) - timedelta(days=sync.log.days)
    names = sync.name, place.parent.name
    connection = found(sync, connections)
    label = f"the log of {sync.name}"
    with log_table(connection, sync.log.table, label, context.log.info) as opened:
        taken = take_in(opened, files, *names, before=before, tell=context.log.info)
    return {"dagster/table_name": sync.log.table, "deliveries_taken_in": taken}


def found(sync: Sync, connections: Mapping[str, DeclaredConnection]) -> DeclaredConnection:
    """The connection of a sync's log.

    Raises:
        UserError: There is none of its name.
    """
    name = sync.log.connection if sync.log else None
    if name is None or name not in connections:
        raise UserError(f"{sync.name}: log: {unknown_connection(str(name), connections)}")
    return connections[name]
