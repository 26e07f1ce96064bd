"""Makes the sensors that tell people which sync failed, is beyond its budgets, or is well again.

Each state of a sync is told once: with a fix when it begins, and when it is over.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import dagster as dg

from ct_assets.components.alerts.alert import Alert
from ct_assets.components.alerts.budgets import FAILURE, Breach, Budgets, breaches
from ct_assets.components.alerts.channel import AlertChannel, AlertError
from ct_assets.components.alerts.told_states import FIRST, OVER, TOLD, WAITS, ToldStates
from ct_assets.components.automation.run_events import (
    data_points,
    delivered,
    failures,
    made_by,
    subjects,
)
from ct_assets.io_managers.metadata.delivery_metadata import rows_by_outcome
from ct_assets.io_managers.resources.destinations import TAG

STANDARD = Budgets()
JOINED = ", "
AFTER_QUIET_SECONDS = 300


class Listener(NamedTuple):
    """A channel, and what it was told."""

    channel: AlertChannel
    told: ToldStates

    def tell(self, run: dg.DagsterRun, sync: str, breach: Breach) -> None:
        """Sends what is wrong, and notes that it was told."""
        alert = Alert(
            sync=sync,
            destination=run.tags.get(TAG),
            about=(breach.about,),
            severity=breach.severity,
            what=breach.what,
            todo=breach.todo,
            run=run.run_id,
            link=self.channel.link(run.run_id),
        )
        self.channel.send(alert)
        self.told.note(TOLD, run.run_id, sync, [breach.about])

    def tell_over(self, run: dg.DagsterRun, sync: str, over: Sequence[str]) -> None:
        """Sends that states are over, and notes that it was told."""
        alert = Alert(
            sync=sync,
            destination=run.tags.get(TAG),
            about=tuple(over),
            severity="info",
            run=run.run_id,
            link=self.channel.link(run.run_id),
            is_over=True,
        )
        self.channel.send(alert)
        self.told.note(OVER, run.run_id, sync, over)


def alert_sensors(
    budgets: Budgets = STANDARD,
    by_sync: Mapping[str, Budgets] | None = None,
    channels: Sequence[str] = (FIRST,),
) -> list[dg.SensorDefinition]:
    """Makes the sensors `alert_on_failure` and `alert_on_budget`, for a project's definitions.

    Args:
        budgets: Those of every sync without its own.
        by_sync: The budgets of syncs that have their own, by name.
        channels: Keys of resources that are told: `Webhook`, `Mail`, `Pager`. `ct_alerts` is a
            webhook that is off until it has a URL.
    """

    def on_failure(context: dg.RunStatusSensorContext) -> None:
        _tell_failure(context, channels)

    def on_budget(context: dg.RunStatusSensorContext) -> None:
        _tell_budgets(context, channels, list(_beyond(context, budgets, by_sync or {})))

    def sensor(name: str, status: dg.DagsterRunStatus, react: Any, told: str) -> Any:  # noqa: ANN401
        return dg.RunStatusSensorDefinition(
            name=name,
            run_status=status,
            run_status_sensor_fn=react,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description=f"Tells people {told}.",
            required_resource_keys=set(channels),
        )

    return [
        sensor(
            "alert_on_failure",
            dg.DagsterRunStatus.FAILURE,
            on_failure,
            "which sync failed, why, and what to do",
        ),
        sensor(
            "alert_on_budget",
            dg.DagsterRunStatus.SUCCESS,
            on_budget,
            "which sync is beyond its budgets, and what to do, or that it is well again",
        ),
    ]


def after_quiet_sensor(channels: Sequence[str]) -> dg.SensorDefinition:
    """Tells after the quiet hours of a channel what began in them and lasts."""

    @dg.sensor(
        name="alert_after_quiet",
        minimum_interval_seconds=AFTER_QUIET_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people after quiet hours what began in them and lasts.",
        required_resource_keys=set(channels),
    )
    def told(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        number = 0
        for to in _listeners(context.resources, context.instance, channels):
            if to.channel.is_quiet("warning", datetime.now(UTC)):
                continue
            for run, sync, about in to.told.waiting():
                what = "it began in quiet hours, and lasts"
                to.tell(run, sync, Breach(about, what, "look at the run", "warning"))
                number += 1
        return dg.SkipReason(f"told of {number}")

    return told


def _tell_failure(context: dg.RunStatusSensorContext, channels: Sequence[str]) -> None:
    run = context.dagster_run
    if run.tags.get("dagster/will_retry") == "true":
        return
    todo = "read the log of the run; the next one goes on from where it ended"
    why = "\n".join(failures(context.for_run_failure()))
    breach = Breach(FAILURE, why, todo, "critical")
    made = subjects(run)
    names = JOINED.join(made) or run.job_name
    _each(context, channels, lambda to: _tell(context, to, names, breach, made.values()))


def _tell_budgets(
    context: dg.RunStatusSensorContext,
    channels: Sequence[str],
    beyond: Sequence[tuple[str, Breach]],
) -> None:
    def tell(to: Listener) -> None:
        for sync, breach in beyond:
            _tell(context, to, sync, breach)
        _tell_what_is_over(context, to, {(sync, breach.about) for sync, breach in beyond})

    _each(context, channels, tell)


def _each(
    context: dg.RunStatusSensorContext,
    channels: Sequence[str],
    tell: Callable[[Listener], object],
) -> None:
    """Has all channels told, though one of them fails.

    Raises:
        AlertError: Some did not take it.
    """
    wrong = []
    for to in _listeners(context.resources, context.instance, channels):
        try:
            tell(to)
        except AlertError as error:
            wrong.append(str(error))
    if wrong:
        raise AlertError("; ".join(wrong))


def _listeners(
    resources: object, instance: dg.DagsterInstance, channels: Sequence[str]
) -> Iterator[Listener]:
    for key in channels:
        channel: AlertChannel = getattr(resources, key)
        if channel.enabled():
            yield Listener(channel, ToldStates(instance, key))


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
    to: Listener,
    sync: str,
    breach: Breach,
    cured: Collection[dg.AssetKey] = (),
) -> None:
    run, channel = context.dagster_run, to.channel
    if not channel.takes(breach.severity):
        return
    again = None if channel.quiet_hours is None else timedelta(hours=channel.quiet_hours)
    if to.told.is_known(run, sync, breach.about, again, cured):
        context.log.info(f"{sync}: {breach.about} was told already")
        return
    if channel.is_quiet(breach.severity, datetime.now(UTC)):
        to.told.note(WAITS, run.run_id, sync, [breach.about])
        return
    to.tell(run, sync, breach)


def _tell_what_is_over(
    context: dg.RunStatusSensorContext, to: Listener, beyond: Collection[tuple[str, str]]
) -> None:
    """Tells of each sync that this run made which of its states were told, and hold no more."""
    run = context.dagster_run
    made = made_by(context.instance, run.run_id)
    for name, asset in subjects(run).items():
        if asset not in made:
            continue
        over = [about for about in to.told.over(run, name) if (name, about) not in beyond]
        if not over or to.channel.is_quiet("info", datetime.now(UTC)):
            continue  # if it is quiet, the next run tells
        to.tell_over(run, name, over)
