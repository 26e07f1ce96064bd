from collections.abc import Iterator, Mapping
from typing import Any, Self

import dagster as dg
from dagster_duckdb import DuckDBResource
from pydantic import BaseModel

from ct_assets.components.assets.upstream import refuse_failing
from ct_assets.components.automation.schedules import following
from ct_assets.components.json_schema import source_schema
from ct_assets.components.project.locations import (
    InvalidDeclarationError,
    Place,
    Raw,
    checked,
    place,
    placed,
    told,
)
from ct_assets.components.project.registry import source_metadata
from ct_assets.components.scaffold.scaffolder import SourceScaffolder
from ct_assets.errors import closest
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.step_errors import readable
from ct_assets.io_managers.warehouse_resource import warehouse_of
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.source import Source, parse
from ct_assets.staging import Draft


class Attributes(Raw):
    described_by = staticmethod(source_schema)


@dg.scaffold_with(SourceScaffolder)
class SourceTable(dg.Component):
    """A table, a file or a query, read when the asset is materialized and kept as Parquet.

    Exactly one of `file`, `table`, `sql` and `sql_file` says where the rows come from.
    """

    def __init__(self, **declaration: object) -> None:
        self.source = parse(declaration)

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        return Attributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        return checked(attributes, context, lambda declaration: cls(**declaration))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        at = place(context)
        _check_files(self.source, at)
        of = DeclaredSource(self.source, context.project_root, at.folder)
        with placed(at):
            return dg.Definitions(assets=[source_asset(of, source_metadata(of, at))])


def source_asset(of: DeclaredSource, metadata: Mapping[str, Any]) -> dg.AssetsDefinition:
    source = of.source
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
        code_version=of.code_version,
        metadata=metadata,
        automation_condition=following(dg.AutomationCondition.any_deps_updated())
        if upstream
        else None,
    )
    def snapshot(
        context: dg.AssetExecutionContext,
        ct_staging: dg.ResourceParam[ParquetStaging],
        ct_warehouse: DuckDBResource,
    ) -> Iterator[dg.Output[Draft]]:
        with readable(), ct_staging.staging().draft(source.key) as draft:
            refuse_failing(context, *upstream)
            of.snapshot(draft, warehouse_of(ct_warehouse))
            yield dg.Output(draft)

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
        raise InvalidDeclarationError([told(at, ("sql_file",), problem)])
