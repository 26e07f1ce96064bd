"""Shows how every sync stands: `ct-assets status`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import dagster as dg
from dagster._utils.schedules import get_next_cron_tick

from ct_assets.clevertap.codes import PARKED
from ct_assets.clevertap.destination import DestinationError
from ct_assets.commands.support.dagster_runs import LastRun, home_of_project, instance, last_runs
from ct_assets.commands.support.known_deliveries import KnownDeliveries
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import BEGIN, json_option, print_json
from ct_assets.commands.support.status_table import RUNS, Status, show
from ct_assets.components.automation.source_sensor import sensor_name
from ct_assets.components.runs.sync_runs import end_lost, schedule_name, stopped
from ct_assets.delivery import Policy
from ct_assets.delivery.guards import lost_state
from ct_assets.delivery.guards.state_comparison import Comparison
from ct_assets.delivery.operations.inspection import SyncStatus, sync_status
from ct_assets.delivery.state.sync_files import StorageError
from ct_assets.delivery.state.sync_lock import SyncBusyError
from ct_assets.delivery.state.witness import Witness
from ct_assets.io_managers.delivery_requests import home
from ct_assets.io_managers.resources import destinations
from ct_assets.mapping import Sync


@click.command()
@json_option
@click.pass_obj
def command(module: str, *, as_json: bool) -> None:
    """Show every sync: destination, last run, where its rows went, what is parked, next run.

    Runs are looked up in DAGSTER_HOME or the project's .dagster, else in the syncs' own state.
    Those of lost processes are ended in Dagster, as they hold up others.
    """
    project = Project.load(module)
    with instance(home_of_project()) as opened:
        if opened:
            end_lost(opened, project.definitions.get_repository_def())
        runs = last_runs(opened, list(project.syncs)) if opened else {}
        off = stopped(opened) | _dormant(project, opened) if opened else frozenset()
        now = datetime.now(UTC)
        known = KnownDeliveries(project, opened)
        statuses = [
            _status(known, name, runs.get(name), now, off & starters(project, name))
            for name in sorted(project.syncs)
        ]
    if as_json:
        print_json([_json(status) for status in statuses])
    elif statuses:
        show(statuses)
    else:
        click.echo(f"No sync is declared: {BEGIN}")


def _json(status: Status) -> dict[str, Any]:
    """`acknowledged`, and `status` of the last run as Dagster has it, are the keys of before."""
    shown = asdict(status) | {"acked": status.acknowledged}
    if run := shown["last_run"]:
        run["outcome"] = RUNS.get(run["status"], run["status"])
    return shown | {"counts": status.counts.totals() if status.counts else {}}


def starters(project: Project, name: str) -> frozenset[str]:
    """The schedule, or the sensors, without which nothing starts the sync."""
    on = project.sync(name).sync.trigger
    if on is None:
        return frozenset()
    if on.cron:
        return frozenset({schedule_name(name)})
    sensors = project.definitions.get_repository_def().sensor_defs
    following = {s.name for s in sensors if isinstance(s, dg.AutomationConditionSensorDefinition)}
    return frozenset({sensor_name(name), *following})


def _dormant(project: Project, opened: dg.DagsterInstance) -> frozenset[str]:
    """Sensors that are stopped by default and were never started."""
    stated = {state.instigator_name for state in opened.all_instigator_state()}
    return frozenset(
        sensor.name
        for sensor in project.definitions.get_repository_def().sensor_defs
        if sensor.default_status is dg.DefaultSensorStatus.STOPPED and sensor.name not in stated
    )


def _status(
    known: KnownDeliveries,
    name: str,
    run: LastRun | None,
    now: datetime,
    off: frozenset[str],
) -> Status:
    """`off`: the schedule or sensors of this sync that are stopped in the UI."""
    project, sync = known.project, known.project.sync(name).sync
    to, label, unknown = _destination(project, name, known.instance)
    state = home(to, name)
    stands, busy = _stands(state, known.witnesses(state))
    report = project.staged(name, "clevertap")
    delivery = report.meta.delivery if report else None
    current = delivery is not None and delivery.destination == to
    return Status(
        sync=name,
        destination=label,
        last_run=run or _last(stands),
        counts=delivery.counts if delivery and current else None,
        acknowledged=stands.synced if stands else 0,
        held=stands.held if stands else {},
        trigger=f"stopped: {trigger(sync)}" if off else trigger(sync),
        next_run=None if off else next_run(sync, now),
        notes=(*unknown, *busy, *_notes(project, sync, stands, off)),
    )


def _destination(
    project: Project, name: str, opened: dg.DagsterInstance | None
) -> tuple[str, str, tuple[str, ...]]:
    """The destination's name and its label; if a run would have none, a note of the reason."""
    try:
        to = project.destination(name, opened)
    except DestinationError as error:
        return destinations.NEVER_RUN, "none", (str(error),)
    return destinations.name_of(to), destinations.label(to), ()


def _stands(state: Path, witnesses: Sequence[Witness]) -> tuple[SyncStatus | None, tuple[str, ...]]:
    """How the sync stands; None and a note of the reason if that cannot be looked at now."""
    try:
        return sync_status(state, witnesses), ()
    except SyncBusyError:
        return None, ("a run is under way",)
    except StorageError as error:
        return None, (str(error).removeprefix(f"{state.name}: "),)


def _last(stands: SyncStatus | None) -> LastRun | None:
    if stands is None or stands.last is None:
        return None
    return LastRun(stands.last.run, "cut short" if stands.open else "ended", stands.last.at)


def _notes(
    project: Project, sync: Sync, stands: SyncStatus | None, off: frozenset[str]
) -> Iterator[str]:
    if stands and stands.comparison.losses:
        yield _lost(project.policy(sync), stands.comparison)
    elif stands and stands.open:
        yield "its last delivery was cut short; the next run settles it first"
    if stands and stands.held.get(PARKED):
        yield f"records wait for a person: ct-assets parked {sync.name}"
    valid = project.staged(sync.name, "valid")
    split = valid.meta.split if valid else None
    if split and not split.gate.passed:
        yield f"not sent: {split.gate.why}"
    if split and split.declaration != sync.digest:
        yield f"its declaration was edited since: ct-assets plan {sync.name}"
    for name in sorted(off):
        yield f"{name} is stopped in Dagster; start it there, under Automation"


def _lost(policy: Policy, comparison: Comparison) -> str:
    """As the next run says it, whether it stops or goes on."""
    stops = lost_state.objection(policy, comparison)
    told = stops or lost_state.told(policy, comparison)
    return told.removeprefix(f"{policy.sync}: ").replace("Nothing was sent", "A run sends nothing")


def trigger(sync: Sync) -> str:
    if sync.trigger is None:
        return "by hand"
    paused = "paused: " if sync.paused else ""
    if sync.trigger.cron:
        return f"{paused}{sync.trigger.cron} {sync.trigger.timezone}"
    return f"{paused}when {sync.source} changes"


def next_run(sync: Sync, now: datetime) -> datetime | None:
    """The next tick of a cron line; None for any other trigger."""
    if sync.paused or sync.trigger is None or sync.trigger.cron is None:
        return None
    try:
        return get_next_cron_tick(sync.trigger.cron, now, sync.trigger.timezone)
    except ValueError:  # a day that never comes, such as the 31st of April
        return None
