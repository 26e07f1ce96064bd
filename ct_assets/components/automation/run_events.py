"""Reads from the events of a run why it failed, or how many rows had which outcome."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError

from ct_assets.components.runs.sync_runs import SUFFIX
from ct_assets.io_managers.metadata.delivery_metadata import number
from ct_assets.mapping.declaration.rules.catalog_names import STAGES

PAGE = 500


def subjects(run: dg.DagsterRun) -> dict[str, dg.AssetKey]:
    """The syncs that a run is for, or else its sources; each with the asset that it makes last."""
    keys = sorted(run.asset_selection or (), key=dg.AssetKey.to_user_string)
    syncs = {key.path[0] for key in keys if key.path[-1] in STAGES}
    if run.job_name.endswith(SUFFIX):
        syncs = {run.job_name.removesuffix(SUFFIX)}
    sent = {name: dg.AssetKey([name, "clevertap"]) for name in sorted(syncs)}
    return sent or {key.to_user_string(): key for key in keys}


def failures(context: dg.RunFailureSensorContext) -> Iterator[str]:
    """Why a run failed, without the texts of exceptions, which may quote rows."""
    steps = context.get_step_failure_events()
    yield from _failed_checks(context.instance, context.dagster_run.run_id)
    yield from filter(None, map(_why, steps))
    if not steps:
        yield context.failure_event.message or "its process ended without a word"


def _why(event: dg.DagsterEvent) -> str:
    """Why a step failed; empty if a check ended it, which `_failed_checks` tells."""
    failure = event.step_failure_data
    error = failure.error
    while error and error.cause:
        error = error.cause
    kind = error.cls_name if error else "an error"
    if kind == DagsterAssetCheckFailedError.__name__:
        return ""
    description = failure.user_failure_data and failure.user_failure_data.description
    return description or f"{event.step_key} ended with {kind}"


def _failed_checks(instance: dg.DagsterInstance, run: str) -> Iterator[str]:
    for event in _events(instance, run, dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        check = event.asset_check_evaluation_data
        if check.blocking and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
            why = check.metadata.get("why")
            reason = f": {why.value}" if why else ""
            asset = check.asset_key.to_user_string()
            yield f"the check {check.check_name} of {asset} fails{reason}"


def delivered(
    instance: dg.DagsterInstance, run: str
) -> Mapping[str, Mapping[str, dg.MetadataValue]]:
    """The metadata of each sync that the run sent; all partitions of a run have the same."""
    events = _events(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION)
    made = {event.asset_key: event.step_materialization_data.materialization for event in events}
    return {
        key.path[0]: materialization.metadata
        for key, materialization in made.items()
        if key and key.path[-1] == "clevertap" and "destination" in materialization.metadata
    }


def made_by(instance: dg.DagsterInstance, run: str) -> set[dg.AssetKey]:
    """The assets that a run materialized."""
    events = _events(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION)
    return {event.asset_key for event in events if event.asset_key}


def data_points(instance: dg.DagsterInstance, destination: str, since: datetime) -> float:
    """The data points of all syncs to the destination, by the metadata of their runs."""
    keys = [key for key in instance.all_asset_keys() if key.path[-1] == "clevertap"]
    return sum(
        points
        for key in keys
        for to, points in _runs_since(instance, key, since).values()
        if to == destination
    )


def _runs_since(
    instance: dg.DagsterInstance, key: dg.AssetKey, since: datetime
) -> Mapping[str, tuple[str, float]]:
    """Destination and data points by run."""
    points, cursor, more = {}, None, True
    since_then = dg.AssetRecordsFilter(key, after_timestamp=since.timestamp())
    while more:
        page = instance.fetch_materializations(since_then, limit=PAGE, cursor=cursor)
        cursor, more = page.cursor, page.has_more
        for record in page.records:
            metadata = record.asset_materialization.metadata if record.asset_materialization else {}
            if "data_points" in metadata:
                to = str(metadata["destination"].value)
                points[record.run_id] = (to, number(metadata["data_points"]))
    return points


def _events(
    instance: dg.DagsterInstance, run: str, kind: dg.DagsterEventType
) -> Iterator[dg.DagsterEvent]:
    for entry in instance.all_logs(run, of_type=kind):
        if entry.dagster_event:
            yield entry.dagster_event
