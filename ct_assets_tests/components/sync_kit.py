"""Loads a sync whose third row is wrong, and reads what its runs left."""

from pathlib import Path

import dagster as dg

from ct_assets_tests.components import kit

CSV = "id,name,mail\n1,Ada,ada@example.org\n2,Bob,bob@example.org\n3,Evelyn,evelyn at example.org\n"
LENIENT = kit.CUSTOMERS + "  max_rejected: 0.5\n"


def load(root: Path, sync: str = LENIENT, **more: str) -> dg.Definitions:
    return kit.load(root, {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": sync, **more})


def metadata(result: dg.ExecuteInProcessResult, key: str) -> dict[str, dg.MetadataValue]:
    events = [e for e in result.all_events if e.is_step_materialization]
    asset = dg.AssetKey.from_user_string(key)
    return dict(next(e for e in events if e.asset_key == asset).materialization.metadata)
