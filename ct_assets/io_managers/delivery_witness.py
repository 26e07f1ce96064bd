"""DeliveryWitness leaves word of each delivery in Dagster's event log, and finds the latest."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import DeliveryResult
from ct_assets.delivery.state.witness import Witness

PLACE = "Dagster's event log"
STATE_ID, DELIVERY, BEGAN, KEYS, DESTINATION = (
    "clevertap/state_id",
    "clevertap/delivery",
    "clevertap/began",
    "clevertap/keys",
    "clevertap/destination",
)
LATEST = 50
"""Events of the asset that are looked through: those of other destinations lie between."""

Metadata = Mapping[str, dg.MetadataValue[Any]]


def metadata(result: DeliveryResult, destination: str) -> dict[str, str | int]:
    return {
        STATE_ID: result.state_id,
        DELIVERY: result.delivery,
        BEGAN: result.began.isoformat() if result.began else "",
        KEYS: result.keys,
        DESTINATION: destination,
    }


def observe(
    instance: dg.DagsterInstance, asset: dg.AssetKey, result: DeliveryResult, destination: str
) -> None:
    """For a delivery that failed: metadata of a failed step are not found by their asset."""
    told = metadata(result, destination)
    instance.report_runless_asset_event(dg.AssetObservation(asset, metadata=told))


def latest(
    instance: dg.DagsterInstance, sync: str, destination: Destination | None
) -> tuple[Witness, ...]:
    """The last delivery of a sync to that destination, as the log knows it."""
    if destination is None:
        return ()
    asset = dg.AssetKey([sync, "clevertap"])
    found = (
        _latest(instance.fetch_materializations(asset, limit=LATEST).records, destination),
        _latest(instance.fetch_observations(asset, limit=LATEST).records, destination),
    )
    known = [each for each in found if each]
    numbered = [each for each in known if each[1].state_id]
    newest = max(numbered or known, key=lambda each: each[0], default=None)
    return (newest[1],) if newest else ()


def _latest(
    records: Iterable[dg.EventLogRecord], destination: Destination
) -> tuple[float, Witness] | None:
    for record in records:
        event = record.asset_materialization or (
            record.event_log_entry.asset_observation if record.event_log_entry else None
        )
        witness = _witness(event.metadata, destination) if event else None
        if witness:
            return record.timestamp, witness
    return None


def _witness(told: Metadata, destination: Destination) -> Witness | None:
    values = {name: each.value for name, each in told.items()}
    if values.get(DESTINATION) == destination.name:
        began = str(values.get(BEGAN) or "")
        return Witness(
            PLACE,
            str(values[STATE_ID]),
            int(str(values[DELIVERY])),
            int(str(values[KEYS])),
            datetime.fromisoformat(began) if began else None,
        )
    # Version 0.1 named the account, but numbered no delivery.
    before = DESTINATION not in values and values.get("destination") == destination.name
    return Witness(PLACE, None, 0) if before else None
