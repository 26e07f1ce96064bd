"""`after`: within a run Dagster keeps the order, between runs these do."""

import dagster as dg

from ct_assets.components.triggers import under_way
from ct_assets.errors import UserError
from ct_assets.io_managers.staging import NotStagedError, Staging
from ct_assets.mapping import Sync

PATIENCE = 240
"""Times to look, twice a minute, whether the other run is over."""


def wait_for_others(context: dg.AssetExecutionContext, sync: Sync, staging: Staging) -> None:
    """Come again later while a sync that goes first is under way in another run."""
    for name in sync.after:
        others = [run for run in under_way(context.instance, name) if run != context.run_id]
        if others:
            context.log.info(f"{sync.name} waits for {name}, under way in run {others[0][:8]}")
            raise dg.RetryRequested(max_retries=PATIENCE, seconds_to_wait=30)
        try:
            staging.current((name, "clevertap"))
        except NotStagedError:
            raise UserError(
                f"{sync.name} goes after {name}, which was never sent: materialize {name}/clevertap"
            ) from None
