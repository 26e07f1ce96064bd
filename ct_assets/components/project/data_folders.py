"""DataFolders notices runs that keep what they read where this process does not look."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from ct_assets.staging import DATA, Staging
from ct_assets.store.shared_staging import SharedStaging

REMEDY = "Give all of them the same CT_DATA_DIR, on one disk"


class Elsewhere(NamedTuple):
    run: str
    is_other_folder: bool
    """False if it was staged in this folder, by its path, and is not there."""


def staged_elsewhere(
    instance: dg.DagsterInstance, asset: dg.AssetKey, staging: Staging, since: float = 0
) -> Elsewhere | None:
    """The last run that made `asset` after that time, if its rows are not in `staging`."""
    if isinstance(staging, SharedStaging):
        return None
    after = dg.AssetRecordsFilter(asset, after_timestamp=float(since))
    for record in instance.fetch_materializations(after, limit=1).records:
        made = record.asset_materialization
        other = _other_folder(made.metadata, staging) if made else None
        return None if other is None else Elsewhere(record.run_id, other)
    return None


def _other_folder(metadata: Mapping[str, dg.MetadataValue[Any]], staging: Staging) -> bool | None:
    """None if the rows are here, or nothing tells where they are."""
    named, path = metadata.get("staged_as"), metadata.get("path")
    if named is not None:
        mark, _, name = str(named.value).partition("/")
        other, file = mark != staging.mark, staging.root / name / DATA
    elif isinstance(path, dg.PathMetadataValue):  # of an earlier version
        file = Path(path.path)
        other = not file.is_relative_to(staging.root)
    else:
        return None
    return other if other or not file.exists() else None
