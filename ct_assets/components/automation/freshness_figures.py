"""FreshnessFigures publish how old each sync's last delivery is, and how far behind its source."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import dagster as dg

from ct_assets.components.project.asset_keys import key, source_key
from ct_assets.components.project.registry import declared_syncs
from ct_assets.mapping import Sync
from ct_assets.telemetry import instruments
from ct_assets.telemetry.collector import collector

NAME = "telemetry"
SECONDS = 60


class Freshness(NamedTuple):
    sync: str
    destination: str
    age: float
    """Seconds since the last delivery ended."""
    lag: float | None
    """Seconds for which CleverTap has lacked what was read; None where others read the source."""


def telemetry_sensor() -> dg.SensorDefinition:
    """A sensor: it lives as long as the code server, where a run ends with its delivery."""

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Publishes the age of the last delivery of each sync by OpenTelemetry.",
    )
    def published(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        to = collector()
        if to is None or context.repository_def is None:
            return dg.SkipReason("no collector is named")
        syncs = declared_syncs(context.repository_def)
        known = list(freshness(context.instance, syncs, time.time()))
        for each in known:
            names = {"sync": each.sync, "destination": each.destination}
            to.set(instruments.AGE, each.age, names)
            if each.lag is not None:
                to.set(instruments.LAG, each.lag, names)
        if why := to.flush():
            return dg.SkipReason(f"the freshness of {len(known)} syncs is lost: {why}")
        return dg.SkipReason(f"published the freshness of {len(known)} syncs")

    return published


def freshness(
    instance: dg.DagsterInstance, syncs: Iterator[Sync], now: float
) -> Iterator[Freshness]:
    """Of the syncs that were delivered, by Dagster's event log."""
    for sync in syncs:
        delivered = instance.get_latest_materialization_event(key(sync, "clevertap"))
        made = delivered.asset_materialization if delivered else None
        if delivered is None or made is None:
            continue
        told = made.metadata.get("destination")
        destination = str(told.value) if told else ""
        lag = _lag(instance, sync, delivered.timestamp, now)
        yield Freshness(sync.name, destination, now - delivered.timestamp, lag)


def _lag(instance: dg.DagsterInstance, sync: Sync, delivered: float, now: float) -> float | None:
    source = source_key(sync)
    if instance.get_latest_materialization_event(source) is None:
        return None
    before = dg.AssetRecordsFilter(key(sync, "valid"), before_timestamp=delivered)
    split = instance.fetch_materializations(before, limit=1).records
    since = split[0].timestamp if split else delivered
    later = dg.AssetRecordsFilter(source, after_timestamp=since)
    lacking = instance.fetch_materializations(later, limit=1, ascending=True).records
    return now - lacking[0].timestamp if lacking else 0.0
