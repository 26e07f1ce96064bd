"""Makes the sensors that tell a webhook which sync failed, is beyond its budgets, or is well again.

Each state of a sync is told once: with a fix when it begins, and when it is over.
"""

import html
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from ct_assets.components.automation.budgets import STATES, Breach, Budgets, breaches
from ct_assets.components.automation.run_events import (
    data_points,
    delivered,
    failures,
    made_by,
    subjects,
)
from ct_assets.components.automation.webhook import URL, Webhook
from ct_assets.io_managers.delivery_metadata import rows_by_outcome
from ct_assets.io_managers.destinations import TAG

STANDARD = Budgets()
JOINED = ", "
TOLD = "clevertap/told_"
"""Begins the tags of a run, one for each kind of alert about it; their value is the sync."""
OVER = "clevertap/over_"
"""The same of the run that was told to have ended such a state."""
FAILURE = "failure"


def alert_sensors(
    budgets: Budgets = STANDARD, by_sync: Mapping[str, Budgets] | None = None
) -> list[dg.SensorDefinition]:
    """Makes the sensors `alert_on_failure` and `alert_on_budget`, for a project's definitions.

    They tell the webhook of the resource `ct_alerts`, which is off until it has a URL.

    Args:
        budgets: Those of every sync without its own.
        by_sync: The budgets of syncs that have their own, by name.
    """

    @dg.run_failure_sensor(
        name="alert_on_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells the webhook of {URL} which sync failed, why, and what to do.",
    )
    def on_failure(context: dg.RunFailureSensorContext, ct_alerts: Webhook) -> None:
        run = context.dagster_run
        if ct_alerts.enabled() and run.tags.get("dagster/will_retry") != "true":
            todo = "read the log of the run; the next one goes on from where it ended"
            breach = Breach(FAILURE, "\n".join(failures(context)), todo)
            made = subjects(run)
            names = JOINED.join(made) or run.job_name
            _tell(context, ct_alerts, names, breach, made.values())

    @dg.run_status_sensor(
        dg.DagsterRunStatus.SUCCESS,
        name="alert_on_budget",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells the webhook of {URL} which sync is beyond its budgets, and what to do, "
        "or that it is well again.",
    )
    def on_budget(context: dg.RunStatusSensorContext, ct_alerts: Webhook) -> None:
        if ct_alerts.enabled():
            beyond = set[tuple[str, str]]()
            for sync, breach in _beyond(context, budgets, by_sync or {}):
                beyond.add((sync, breach.about))
                _tell(context, ct_alerts, sync, breach)
            _tell_what_is_over(context, ct_alerts, beyond)

    return [on_failure, on_budget]


def _beyond(
    context: dg.RunStatusSensorContext, budgets: Budgets, by_sync: Mapping[str, Budgets]
) -> Iterator[tuple[str, Breach]]:
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for sync, metadata in delivered(context.instance, context.dagster_run.run_id).items():
        own, rows = by_sync.get(sync, budgets), rows_by_outcome(metadata)
        if own.data_points_a_month is not None:
            to = str(metadata["destination"].value)
            rows["month"] = data_points(context.instance, to, since=month)
        for breach in breaches(own, sync, rows):
            yield sync, breach


def _tell(
    context: dg.RunStatusSensorContext,
    webhook: Webhook,
    sync: str,
    breach: Breach,
    cured: Collection[dg.AssetKey] = (),
) -> None:
    run, tag = context.dagster_run, f"{TOLD}{breach.about}"
    if _is_known(context.instance, {tag: sync}, timedelta(hours=webhook.quiet_hours), cured):
        context.log.info(f"{sync}: {breach.about} was told already")
        return
    to = run.tags.get(TAG)
    title = f"{sync}{f' to {to}' if to else ''}: {breach.about.replace('_', ' ')}"
    lines = [title, breach.what, f"What to do: {breach.todo}.", webhook.link(run.run_id)]
    webhook.tell(html.escape("\n".join(lines), quote=False))
    context.instance.add_run_tags(run.run_id, {tag: sync})


def _tell_what_is_over(
    context: dg.RunStatusSensorContext, webhook: Webhook, beyond: Collection[tuple[str, str]]
) -> None:
    """Tells of each sync that this run made which of its states were told, and hold no more."""
    run, instance = context.dagster_run, context.instance
    made = made_by(instance, run.run_id)
    for name, asset in subjects(run).items():
        over = [
            about
            for about in (FAILURE, *STATES)
            if (name, about) not in beyond
            and asset in made
            and _is_told(instance, run, name, about)
        ]
        if over:
            to = run.tags.get(TAG)
            told = " and ".join(about.replace("_", " ") for about in over)
            lines = [f"{name}{f' to {to}' if to else ''}: well again", f"over: {told}"]
            webhook.tell(html.escape("\n".join([*lines, webhook.link(run.run_id)]), quote=False))
            instance.add_run_tags(run.run_id, {f"{OVER}{about}": name for about in over})


def _is_told(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str, about: str) -> bool:
    """Whether this was told of an earlier run, of no later one, and not that it is over."""
    told = instance.get_run_records(dg.RunsFilter(tags={f"{TOLD}{about}": name}), limit=1)
    this = instance.get_run_record_by_id(run.run_id)
    if not told or this is None or told[0].create_timestamp >= this.create_timestamp:
        return False
    since = told[0].create_timestamp
    over = dg.RunsFilter(tags={f"{OVER}{about}": name}, created_after=since)
    return not instance.get_run_records(over, limit=1)


def _is_known(
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    quiet: timedelta,
    cured: Collection[dg.AssetKey],
) -> bool:
    """Whether this was told within `quiet`; not if all assets of `cured` were made since then."""
    earlier = instance.get_run_records(
        dg.RunsFilter(tags=tags, created_after=datetime.now(UTC) - quiet), limit=1
    )
    if not earlier or not cured:
        return bool(earlier)
    since = earlier[0].create_timestamp.timestamp()
    made = (instance.get_latest_materialization_event(key) for key in cured)
    return not all(event is not None and event.timestamp > since for event in made)
