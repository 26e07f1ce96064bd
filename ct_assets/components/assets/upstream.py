"""Upstream makes a step wait for other runs, or refuse to start, beyond Dagster's own order."""

from collections.abc import Sequence
from typing import NoReturn

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
)
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as Status,
)

from ct_assets.components.assets.run_context import deployment
from ct_assets.components.project.asset_keys import upload_step
from ct_assets.components.runs.sync_runs import UNDER_WAY, is_live, under_way
from ct_assets.errors import UserError
from ct_assets.mapping import Sync
from ct_assets.staging import Staging

PATIENCE = 240
"""Times to look, twice a minute, whether the other run is over."""
ENDED = {
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.STEP_SKIPPED,
}
RECENT = 100
"""Runs that planned a check since its last verdict, of which there is hardly ever more than one."""


def refuse_failing(context: dg.AssetExecutionContext, *assets: dg.AssetKey) -> None:
    """Read nothing of an asset whose last blocking check failed, in whichever run or project.

    Comes again later while another run is about to evaluate one.
    """
    for asset in assets:
        checks = {check: _verdict(context, check) for check in _checks(context, asset)}
        blocking = {check: last for check, last in checks.items() if _blocks(context, check, last)}
        unjudged = [
            check.name for check, last in blocking.items() if _is_open(context, check, last)
        ]
        if unjudged:
            raise UserError(
                f"{asset.to_user_string()} is not read: the run that made it ended without a "
                f"verdict of its blocking checks ({', '.join(sorted(unjudged))}); materialize it "
                "anew, or evaluate the checks"
            )
        failing = [check.name for check, last in blocking.items() if last and _failed(last)]
        if failing:
            raise UserError(
                f"{asset.to_user_string()} is not read: its blocking checks fail "
                f"({', '.join(sorted(failing))}); mend it, or evaluate the checks again"
            )


def _checks(context: dg.AssetExecutionContext, asset: dg.AssetKey) -> set[dg.AssetCheckKey]:
    """Those declared here, and those that its last run evaluated, wherever that was declared."""
    graph = deployment(context)
    checks = set(graph.get(asset).check_keys) if graph.has(asset) else set()
    last = context.instance.get_latest_materialization_event(asset)
    if last is not None:
        evaluated = context.instance.all_logs(
            last.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        )
        events = (entry.dagster_event for entry in evaluated if entry.dagster_event)
        keys = {event.asset_check_evaluation_data.asset_check_key for event in events}
        checks |= {key for key in keys if key.asset_key == asset}
    return checks


def _history(
    context: dg.AssetExecutionContext, check: dg.AssetCheckKey, status: set[Status], limit: int
) -> Sequence[AssetCheckExecutionRecord]:
    """The newest first."""
    storage = context.instance.event_log_storage
    records: Sequence[AssetCheckExecutionRecord] = storage.get_asset_check_execution_history(
        check, limit, status=status
    )
    return records


def _verdict(
    context: dg.AssetExecutionContext, check: dg.AssetCheckKey
) -> AssetCheckExecutionRecord | None:
    return next(iter(_history(context, check, {Status.SUCCEEDED, Status.FAILED}, 1)), None)


def _blocks(
    context: dg.AssetExecutionContext,
    check: dg.AssetCheckKey,
    verdict: AssetCheckExecutionRecord | None,
) -> bool:
    evaluation = verdict and _evaluation(verdict)
    if evaluation:
        return bool(evaluation.blocking)
    graph = deployment(context)
    return graph.has(check) and bool(graph.get(check).blocking)


def _is_open(
    context: dg.AssetExecutionContext,
    check: dg.AssetCheckKey,
    verdict: AssetCheckExecutionRecord | None,
) -> bool:
    """Whether the asset was made by a run that meant to evaluate the check, and never did."""
    last = context.instance.get_latest_materialization_event(check.asset_key)
    for planned in _history(context, check, {Status.PLANNED}, RECENT):
        if (verdict and planned.id < verdict.id) or planned.run_id == context.run.run_id:
            continue
        run = context.instance.get_run_by_id(planned.run_id)
        if run and _is_waited_for(context, run):
            name = f"{check.name} of {check.asset_key.to_user_string()}"
            _come_again(context, f"waits for the check {name}", run)
        if last is not None and last.run_id == planned.run_id:
            return True
    return False


def _failed(verdict: AssetCheckExecutionRecord) -> bool:
    evaluation = _evaluation(verdict)
    if evaluation is None or evaluation.passed:
        return False
    return evaluation.severity is dg.AssetCheckSeverity.ERROR


def _evaluation(verdict: AssetCheckExecutionRecord) -> dg.AssetCheckEvaluation | None:
    event = verdict.event.dagster_event if verdict.event else None
    return event.asset_check_evaluation_data if event else None


def _is_waited_for(context: dg.AssetExecutionContext, run: dg.DagsterRun) -> bool:
    return is_live(context.instance, run) and is_waited_for(context.instance, run.status)


def _come_again(context: dg.AssetExecutionContext, why: str, run: dg.DagsterRun) -> NoReturn:
    waits = f"{why}, under way in run {run.run_id[:8]}"
    if context.retry_number >= PATIENCE:
        raise UserError(f"{waits}, and has waited for two hours; look at that run")
    context.log.info(waits)
    raise dg.RetryRequested(max_retries=PATIENCE, seconds_to_wait=30)


def wait_for_others(context: dg.AssetExecutionContext, sync: Sync, staging: Staging) -> None:
    """Come again later while another run has yet to send a sync that goes first.

    What else that run does is not waited for: it may wait for this one.
    """
    for name in sync.after:
        for run in under_way(context.instance, name):
            if run.run_id != context.run.run_id and _has_yet_to_send(context, run, name):
                _come_again(context, f"{sync.name} waits for {name}", run)
        if not staging.knows((name, "clevertap")):
            raise UserError(
                f"{sync.name} goes after {name}, which was never sent: materialize {name}/clevertap"
            )


def _has_yet_to_send(context: dg.AssetExecutionContext, run: dg.DagsterRun, name: str) -> bool:
    ended = context.instance.all_logs(run.run_id, of_type=ENDED)
    sent = any(entry.step_key == upload_step(name) for entry in ended)
    return not sent and is_waited_for(context.instance, run.status)


def is_waited_for(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> bool:
    """Not a run that itself waits for a place, of which the one that asks may hold the last."""
    return status is not dg.DagsterRunStatus.QUEUED or _has_room(instance)


def _has_room(instance: dg.DagsterInstance) -> bool:
    queue = instance.get_concurrency_config().run_queue_config
    if queue is None or queue.max_concurrent_runs < 0:
        return True
    running = dg.RunsFilter(statuses=[s for s in UNDER_WAY if s is not dg.DagsterRunStatus.QUEUED])
    return instance.get_runs_count(running) < queue.max_concurrent_runs
