"""RunFailures tells why a run failed, in the words of the first cause, not in those of Dagster."""

import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from ct_assets.components.project.yaml_documents import relative

BLOCKED = "DagsterAssetCheckFailedError"
_FRAME = re.compile(r'\s*File "([^"]+)", line (\d+)')


def failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """A sentence for each failed step; where no step failed, for the run."""
    told = False
    for event in result.filter_events(lambda event: event.is_step_failure):
        told = True
        failure = event.step_failure_data
        step, stated = event.step_key, failure.user_failure_data
        if stated and (text := stated.description or stated.label):
            yield f"{step} failed: {text}"
        elif failure.error and failure.error.cls_name == BLOCKED:
            yield from _blocked(result)
        else:
            yield f"{step} failed: {_cause(failure.error)}"
    if not told:
        for event in result.filter_events(lambda event: event.is_job_failure):
            yield f"{event.job_name} failed: {_cause(event.job_failure_data.error)}"


def _blocked(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """The blocking checks that failed, each with the reason that it gave."""
    for check in result.get_asset_check_evaluations():
        if check.blocking and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
            asset = check.asset_key.to_user_string()
            yield f"{asset}: its blocking check {check.check_name} failed: {_reason(check)}"


def _reason(check: dg.AssetCheckEvaluation) -> str:
    told = {name: value.value for name, value in check.metadata.items()}
    ours = [str(told[name]) for name in ("why", "what to do") if name in told]
    values = {n: v for n, v in told.items() if isinstance(v, str | int | float)}
    theirs = [check.description, *(f"{name} {value}" for name, value in values.items())]
    return ". ".join(ours) or "; ".join(filter(None, theirs)) or "it gave no reason"


def _cause(error: SerializableErrorInfo | None) -> str:
    if error is None:
        return "Dagster gave no reason"
    while error.cause is not None:
        error = error.cause
    name, _, text = error.message.strip().partition(": ")
    place = _FRAME.match(error.stack[-1]) if error.stack else None
    where = f" ({relative(Path(place[1]))}:{place[2]})" if place else ""
    return f"{name.rpartition('.')[2]}{': ' if text else ''}{text}{where}"
