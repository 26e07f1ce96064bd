"""What a split shows only beside the one before it, or across its rows: warnings, no gate."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ct_assets.components.assets.split_step import reasons
from ct_assets.files import private_dir
from ct_assets.io_managers.metadata_tables import fix
from ct_assets.mapping import Sync
from ct_assets.mapping.snapshot_warnings import (
    Hazard,
    custom_fields,
    disputed_clears,
    merge_hazards,
    seen,
    turned_null,
    type_drift,
)
from ct_assets.staging import Draft


def notice(
    sync: Sync, valid: Draft, before: Mapping[str, Any], elsewhere: Collection[str]
) -> list[Hazard]:
    """Hazards of a finished split; they, and what the next one compares with, go into its meta.

    `before` is the meta of the split before this one, of whichever partitions, `elsewhere` the
    properties that other syncs send to the same account.
    """
    types, nulls = seen(valid.scan())
    known, lacking = before.get("types", {}), before.get("nulls", {})
    valid.meta |= {"types": {**types, **known}, "nulls": nulls or lacking}
    found = [*type_drift(known, types), *turned_null(lacking, nulls)]
    others = valid.meta.get("others", [])
    if "others" in before:
        found += _new_columns(set(others) - set(before["others"]))
    if sync.object == "profile":
        found += custom_fields({*valid.meta["types"], *elsewhere}, sync.limits)
        found += merge_hazards(valid.path, private_dir(valid.folder / "work"))
        (valid.folder / "work").rmdir()
    valid.meta["warnings"] = [*map(Hazard._asdict, [*found, *_standing(sync)]), *_dropped(valid)]
    return found


def _standing(sync: Sync) -> list[Hazard]:
    """What a declaration risks whatever the rows are."""
    clears = (name for name, field in sync.fields.items() if field.on_null == "clear")
    return disputed_clears(clears)


def _dropped(valid: Draft) -> Iterator[dict[str, Any]]:
    """Fields that were left out of rows, as `on_invalid: drop` wants it."""
    for told in reasons(valid.scan(), "_warnings"):
        yield {**told, "message": fix(told["code"])}


def _new_columns(names: Iterable[str]) -> list[Hazard]:
    told = "a new column of the source, sent because of `other_columns`; is that meant?"
    return [Hazard("new_column", name, 0, f"{name}: {told}") for name in sorted(names)]
