"""Gives a deployment a job that plans a sync without sending, and materializes nothing."""

from collections.abc import Callable
from datetime import datetime

import dagster as dg
from dagster_duckdb import DuckDBResource
from pydantic import Field

from ct_assets.components.automation.partition_choice import due
from ct_assets.components.preview.workspace import Workspace
from ct_assets.components.project import registry
from ct_assets.io_managers.clevertap_io_manager import accounts_of
from ct_assets.io_managers.delivery_requests import DeliveryOptions
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import warehouse_of
from ct_assets.io_managers.step_errors import readable


class PlanOptions(DeliveryOptions):
    sync: str = Field(description="The sync whose next run is planned.")
    ask_clevertap: bool = Field(
        default=False, description="Have CleverTap judge the records with dryRun=1."
    )


def plan_job(definitions: Callable[[], dg.Definitions]) -> dg.JobDefinition:
    """The job `plan`; `definitions` makes those of the whole deployment.

    One for all syncs: a job beside each would double the list of jobs.
    """

    @dg.op(out=dg.Out(dg.Nothing))
    def plan_rows(
        context: dg.OpExecutionContext,
        config: PlanOptions,
        ct_staging: dg.ResourceParam[ParquetStaging],
        ct_warehouse: DuckDBResource,
        clevertap: dg.ResourceParam[object],
    ) -> None:
        # Here, since most processes that load definitions plan nothing.
        from ct_assets.components.preview.plan_metadata import plan_metadata
        from ct_assets.components.preview.sync_plan import plan_sync, remarks

        with readable():
            loaded = definitions()
            workspace = Workspace(
                syncs=registry.catalogue(loaded),
                staging=ct_staging.staging(),
                warehouse=warehouse_of(ct_warehouse),
                definitions=loaded,
                accounts=accounts_of(clevertap),
            )
            declared = workspace.sync(config.sync)
            keys = due(declared.sync, workspace.staging, datetime.now().astimezone())
            sync_plan = plan_sync(
                workspace,
                declared,
                config,
                keys,
                ask_clevertap=config.ask_clevertap,
                instance=context.instance,
            )
        for remark in remarks(sync_plan):
            context.log.warning(remark)
        context.add_output_metadata(plan_metadata(sync_plan))

    @dg.job(description="Says what the next run of a sync would send. Nothing is sent or marked.")
    def plan() -> None:
        plan_rows()

    return plan
