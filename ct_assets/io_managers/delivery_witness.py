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
ACCOUNT = "clevertap/account"
"""Holds all of it since one entry has it, for runs and alerts to read."""
LATEST = 50
"""Events of the asset that are looked through: those of other destinations lie between."""

Metadata = Mapping[str, dg.MetadataValue[Any]]


def facts(result: DeliveryResult, destination: str) -> dict[str, str | int]:
    """Gives the figures that the next run of the sync goes by, on whichever host."""
    return {
        "state_id": result.state_id,
        "delivery": result.delivery,
        "began": result.began.isoformat() if result.began else "",
        "keys": result.keys,
        "destination": destination,
    }


def observe(
    instance: dg.DagsterInstance, asset: dg.AssetKey, result: DeliveryResult, destination: str
) -> None:
    """For a delivery that failed: metadata of a failed step are not found by their asset."""
    told = {ACCOUNT: dg.MetadataValue.json(facts(result, destination))}
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


def _values(told: Metadata) -> dict[str, Any]:
    """Under the names that each of them had before one entry held them all."""
    values = {name: each.value for name, each in told.items()}
    account = values.get(ACCOUNT)
    if isinstance(account, dict):
        for name in (STATE_ID, DELIVERY, BEGAN, KEYS, DESTINATION):
            values[name] = account.get(name.removeprefix("clevertap/"))
    return values


def _witness(told: Metadata, destination: Destination) -> Witness | None:
    values = _values(told)
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
