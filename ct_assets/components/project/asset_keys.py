"""Names the assets of a sync."""

import dagster as dg

from ct_assets.mapping import Sync


def key(sync: Sync, stage: str) -> dg.AssetKey:
    return dg.AssetKey([sync.name, stage])


def source_key(sync: Sync) -> dg.AssetKey:
    return dg.AssetKey(sync.source.split("/"))


def upload_step(name: str) -> str:
    """The step of a run that sends the sync of that name."""
    return f"{name}__clevertap"
