"""Names the assets of a sync."""

import dagster as dg

from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.rules.catalog_names import LOG, STAGES


def key(sync: Sync, stage: str) -> dg.AssetKey:
    return dg.AssetKey([sync.name, stage])


def stages(sync: Sync) -> tuple[str, ...]:
    """The names of the sync's assets behind its own."""
    return (*STAGES, LOG) if sync.log else STAGES


def source_key(sync: Sync) -> dg.AssetKey:
    return dg.AssetKey(sync.source.split("/"))


def upload_step(name: str) -> str:
    """The step of a run that sends the sync of that name."""
    return f"{name}__clevertap"
