"""What a step waits for, or refuses to start upon, beyond what Dagster sees to within a run."""

import dagster as dg

from ct_assets.components.running import deployment
from ct_assets.components.triggers import UNDER_WAY, under_way
from ct_assets.errors import UserError
from ct_assets.io_managers.staging import Staging
from ct_assets.mapping import Sync

PATIENCE = 240
"""Times to look, twice a minute, whether the other run is over."""


def refuse_failing(context: dg.AssetExecutionContext, *assets: dg.AssetKey) -> None:
    """Read nothing of an asset whose last blocking check failed, in whichever run or project."""
    for asset in assets:
        failing = [check.name for check in _checks(context, asset) if _failed(context, check)]
        if failing:
            raise UserError(
                f"{asset.to_user_string()} is not read: its blocking checks fail "
                f"({', '.join(failing)}); mend it, or evaluate the checks again"
            )


def _checks(context: dg.AssetExecutionContext, asset: dg.AssetKey) -> set[dg.AssetCheckKey]:
    """Those declared here, and those that its last run evaluated, wherever that was declared."""
    graph = deployment(context)
    found = set(graph.get(asset).check_keys) if graph.has(asset) else set()
    last = context.instance.get_latest_materialization_event(asset)
    if last is not None:
        evaluated = context.instance.all_logs(
            last.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        )
        events = (entry.dagster_event for entry in evaluated if entry.dagster_event)
        keys = {event.asset_check_evaluation_data.asset_check_key for event in events}
        found |= {key for key in keys if key.asset_key == asset}
    return found


def _failed(context: dg.AssetExecutionContext, check: dg.AssetCheckKey) -> bool:
    record = context.instance.get_latest_asset_check_evaluation_record(check)
    event = record.event.dagster_event if record and record.event else None
    if event is None:
        return False
    found = event.asset_check_evaluation_data
    return found.blocking and not found.passed and found.severity is dg.AssetCheckSeverity.ERROR


def wait_for_others(context: dg.AssetExecutionContext, sync: Sync, staging: Staging) -> None:
    """Come again later while a sync that goes first is under way in another run."""
    for name in sync.after:
        for run in under_way(context.instance, name):
            if run.run_id != context.run.run_id and is_waited_for(context.instance, run.status):
                told = f"{sync.name} waits for {name}, under way in run {run.run_id[:8]}"
                context.log.info(told)
                raise dg.RetryRequested(max_retries=PATIENCE, seconds_to_wait=30)
        if not staging.knows((name, "clevertap")):
            raise UserError(
                f"{sync.name} goes after {name}, which was never sent: materialize {name}/clevertap"
            )


def is_waited_for(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> bool:
    """Not a run that itself waits for a place, of which the one that asks may hold the last."""
    return status is not dg.DagsterRunStatus.QUEUED or _has_room(instance)


def _has_room(instance: dg.DagsterInstance) -> bool:
    queue = instance.get_concurrency_config().run_queue_config
    if queue is None or queue.max_concurrent_runs < 0:
        return True
    running = dg.RunsFilter(statuses=[s for s in UNDER_WAY if s is not dg.DagsterRunStatus.QUEUED])
    return instance.get_runs_count(running) < queue.max_concurrent_runs
