"""SourceTable makes the asset of a declared source."""

from collections.abc import Iterator, Mapping
from typing import Any, Unpack

import dagster as dg
from dagster_duckdb import DuckDBResource

from ct_assets.components.assets.run_context import check_destinations
from ct_assets.components.assets.upstream import refuse_failing
from ct_assets.components.automation.schedules import following
from ct_assets.components.declaration_types import SourceSettings
from ct_assets.components.declared_component import DeclaredComponent, Execute, executed_by
from ct_assets.components.json_schema import source_schema
from ct_assets.components.project.connection_resources import connections_of
from ct_assets.components.project.locations import (
    InvalidDeclarationError,
    Place,
    RawAttributes,
    errors_at,
    message_at,
    place_of,
)
from ct_assets.components.project.registry import source_metadata
from ct_assets.components.scaffold.scaffolder import SourceScaffolder
from ct_assets.errors import closest
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import warehouse_of_run
from ct_assets.io_managers.step_errors import readable
from ct_assets.io_managers.still_at_work import still_at_work
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.source import Source, parse
from ct_assets.staging import Draft


class SourceAttributes(RawAttributes):
    json_schema = staticmethod(source_schema)


@dg.scaffold_with(SourceScaffolder)
class SourceTable(DeclaredComponent):
    """Reads a table, a file or a query when its asset is materialized, and keeps it as Parquet.

    Exactly one of `file`, `table`, `sql` and `sql_file` says where the rows come from.
    """

    attributes = SourceAttributes

    def __init__(self, **declaration: Unpack[SourceSettings]) -> None:
        """Check the declaration; its settings are those of the YAML.

        Raises:
            DeclarationError: With every mistake in it.
        """
        self.source = parse(declaration)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        at = place_of(context)
        _check_files(self.source, at)
        declared = DeclaredSource(self.source, context.project_root, at.folder)
        with errors_at(at):
            asset = source_asset(declared, source_metadata(declared, at), self.execute)
            return dg.Definitions(assets=self.with_own_specs([asset]))


def source_asset(
    declared: DeclaredSource, metadata: Mapping[str, Any], execute: Execute
) -> dg.AssetsDefinition:
    source = declared.source
    upstream = [dg.AssetKey.from_user_string(key) for key in source.upstream]

    @dg.asset(
        key=list(source.key),
        deps=upstream,
        io_manager_key="ct_staging",
        group_name=source.grouped,
        description=source.description or f"Rows of {source.asset}, as they were when read.",
        kinds={source.tag},
        owners=source.owners,
        tags=source.tags,
        code_version=declared.code_version,
        metadata=metadata,
        automation_condition=following(dg.AutomationCondition.any_deps_updated())
        if upstream
        else None,
    )
    @executed_by(execute)
    def snapshot(
        context: dg.AssetExecutionContext,
        ct_staging: dg.ResourceParam[ParquetStaging],
        ct_warehouse: DuckDBResource,
    ) -> Iterator[dg.Output[Draft]]:
        with readable(), ct_staging.staging().draft(source.key) as draft:
            check_destinations(context, dg.AssetKey(list(source.key)))
            refuse_failing(context, *upstream)
            connected = declared.connected(connections_of(context.job_def.resource_defs))
            warehouse = warehouse_of_run(ct_warehouse, context)
            before = ct_staging.staging().current_or_none(source.key)
            with still_at_work(context.log, context.instance, f"{source.asset}: reading rows"):
                left_out = connected.snapshot(draft, warehouse, before)
            for column, why in left_out.items():
                context.log.warning(f"{source.asset}: column {column!r} is left out: {why}")
            told = {"left_out": dg.MetadataValue.json(left_out)} if left_out else {}
            yield dg.Output(draft, metadata=told)

    return snapshot


def _check_files(source: Source, at: Place) -> None:
    if source.sql_file is None:
        return
    problem = None
    try:
        if not (at.folder / source.sql_file).read_text("utf-8").strip():
            problem = f"{source.sql_file!r} is empty; write one SELECT into it"
    except OSError:
        beside = [file.name for file in at.folder.glob("*.sql")]
        problem = f"no file {source.sql_file!r} beside this one{closest(source.sql_file, beside)}"
    except UnicodeDecodeError:
        problem = f"{source.sql_file!r} is not UTF-8; save it as UTF-8"
    if problem:
        raise InvalidDeclarationError([message_at(at, ("sql_file",), problem)])
