"""Arrivals looks, where a sync has `verify`, whether CleverTap has what it acknowledged."""

import threading

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryResult
from ct_assets.delivery.arrival.arrival_check import ArrivalCheck
from ct_assets.delivery.arrival.losses import ADVICE, Loss
from ct_assets.io_managers.delivery_requests import Upload
from ct_assets.snapshot_meta import ArrivalMeta


def arrival_of(
    upload: Upload, result: DeliveryResult, client: Client, stop: threading.Event
) -> ArrivalMeta | None:
    """None if the sync does not ask for it, or nothing was acknowledged."""
    verify = upload.sync.verify
    if verify is None or not result.counts.acked:
        return None
    filled = [name for name, field in upload.sync.fields.items() if field.write == "if_empty"]
    check = ArrivalCheck(client=client, sample=verify.sample, skipped=filled, stop=stop)
    look = check.of_events if upload.sync.object == "event" else check.of_profiles
    found = look(upload.valid.path, result)
    return ArrivalMeta(
        looked=found.looked,
        losses={f"{loss.field}: {loss.kind}": _sentence(loss) for loss in found.losses},
        why=found.why,
    )


def _sentence(loss: Loss) -> str:
    return f"{loss.rows:,} of {loss.of:,}: {ADVICE[loss.kind]}"
