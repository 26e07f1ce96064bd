"""RunConfig takes an identifier out of the config of a run, where Dagster keeps it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_shared.record import copy
from dagster_shared.serdes import serialize_value

from ct_assets.errors import UserError


def replace_config(instance: dg.DagsterInstance, run_id: str, config: Mapping[str, Any]) -> None:
    """Has the run that is under way, and whoever looks at it later, find this config instead.

    It must be valid for the job: Dagster's own command looks at it once more when the run is over.

    Raises:
        UserError: This instance keeps its runs where they cannot be edited.
    """
    # Not above: whoever loads definitions would load SQLAlchemy for it.
    from dagster._core.storage.runs.schema import RunsTable
    from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

    storage = instance.run_storage
    run = instance.get_run_by_id(run_id)
    if run is None:
        return  # of an instance that keeps none
    if not isinstance(storage, SqlRunStorage):
        raise UserError(
            f"the config of this run stays in {type(storage).__name__}, which cannot be edited: "
            "delete this run, and erase the person with `ct-assets forget`"
        )
    with storage.connect() as connection:
        connection.execute(
            RunsTable.update()
            .where(RunsTable.c.run_id == run_id)
            .values(run_body=serialize_value(copy(run, run_config=config)))
        )
