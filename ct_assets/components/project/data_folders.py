"""DataFolders notices runs that keep what they read where this process does not look."""

from pathlib import Path

import dagster as dg

from ct_assets.staging import Staging
from ct_assets.store.shared_staging import SharedStaging

REMEDY = "Give all of them the same CT_DATA_DIR, on one disk"


def staged_elsewhere(
    instance: dg.DagsterInstance, asset: dg.AssetKey, staging: Staging, since: float = 0
) -> tuple[str, Path] | None:
    """The last run that made `asset` after that time, and its file, if that is not in `staging`."""
    if isinstance(staging, SharedStaging):
        return None
    after = dg.AssetRecordsFilter(asset, after_timestamp=float(since))
    for record in instance.fetch_materializations(after, limit=1).records:
        made = record.asset_materialization
        path = made.metadata.get("path") if made else None
        if isinstance(path, dg.PathMetadataValue) and not _is_in(staging.root, Path(path.path)):
            return record.run_id, Path(path.path)
    return None


def _is_in(root: Path, file: Path) -> bool:
    return file.is_relative_to(root) and file.exists()
