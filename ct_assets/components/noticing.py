"""What a split shows only beside the one before it, or across its rows: warnings, no gate."""

from collections.abc import Iterable, Mapping
from typing import Any

from ct_assets.files import private_dir
from ct_assets.io_managers.staging import Draft
from ct_assets.mapping import Sync
from ct_assets.mapping.hazards import (
    Hazard,
    merge_hazards,
    null_shares,
    sent_types,
    turned_null,
    type_drift,
)


def notice(sync: Sync, valid: Draft, before: Mapping[str, Any]) -> list[Hazard]:
    """Hazards of a finished split; what the next one compares with goes into its meta.

    `before` is the meta of the snapshot that this one replaces.
    """
    types, nulls = sent_types(valid.scan()), null_shares(valid.scan())
    seen, others = before.get("types", {}), valid.meta.get("others", [])
    valid.meta |= {"types": {**types, **seen}, "nulls": nulls}
    found = [*type_drift(seen, types), *turned_null(before.get("nulls", {}), nulls)]
    if "others" in before:
        found += _new_columns(set(others) - set(before["others"]))
    if sync.object == "profile":
        found += merge_hazards(valid.path, private_dir(valid.folder / "work"))
        (valid.folder / "work").rmdir()
    return found


def _new_columns(names: Iterable[str]) -> list[Hazard]:
    told = "a new column of the source, sent because of `other_columns`; is that meant?"
    return [Hazard("new_column", name, 0, f"{name}: {told}") for name in sorted(names)]
