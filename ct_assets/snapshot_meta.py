"""SnapshotMeta holds all that is known of a staged snapshot beside its rows; it is kept as JSON."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pydantic import TypeAdapter

from ct_assets.errors import UserError
from ct_assets.row_counts import OUTCOMES, DeliveryCounts, RowCounts

VERSION = 2
"""Version 1 stated none: one flat object, whatever the snapshot was of."""


@dataclass(frozen=True)
class ReasonCount:
    """Rows that were rejected, or that a warning concerns, by field and code."""

    field: str | None
    code: str
    rows: int
    """0 where it is about the field as a whole."""
    message: str = ""
    """Without values of rows."""


@dataclass(frozen=True)
class Gate:
    """The verdict of the blocking checks: whether a snapshot may be sent, and why not."""

    passed: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class IncrementalMeta:
    """Where the next read of a source begins, if it reads changed rows alone."""

    watermark: str | None
    """The greatest one that was read; None of no rows."""
    full_at: float
    """When all rows were read last, in seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class SourceMeta:
    """Of the snapshot of a source."""

    state: str
    """Another text when the rows have changed: a watermark, or when the source was written."""
    code: str | None = None
    """A digest of the source's declaration."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The columns that cannot be read although the others can, with the reason of each."""
    incremental: IncrementalMeta | None = None
    inputs: str = ""
    """The digest of all that decides the rows; empty if they may not be taken over."""
    checksum: int | None = None
    """Of the rows, if they may be taken over."""


@dataclass(frozen=True, kw_only=True)
class RowFacts:
    """The valid rows of a split by themselves, whatever was split before them."""

    types: Mapping[str, str]
    """The type of each field that some row has."""
    nulls: Mapping[str, float]
    bare: int
    """Rows that have nothing but their identity."""
    shared: tuple[ReasonCount, ...]
    """Of rows that share what CleverTap unites people by."""
    left_out: tuple[ReasonCount, ...]
    """Of fields that were left out of rows."""
    words: tuple[ReasonCount, ...] = ()
    """Of texts that programs write where there is no value."""


@dataclass(frozen=True, kw_only=True)
class SplitMeta:
    """Of a snapshot of valid rows."""

    declaration: str
    """The digest of the sync."""
    counts: RowCounts
    gate: Gate
    reasons: tuple[ReasonCount, ...] = ()
    warnings: tuple[ReasonCount, ...] = ()
    others: tuple[str, ...] | None = None
    """The columns that `other_columns` took in; None if an old snapshot does not tell."""
    types: Mapping[str, str] = field(default_factory=dict)
    """The type with which each field was first sent."""
    nulls: Mapping[str, float] = field(default_factory=dict)
    """The share of rows without a value, by field."""
    sync: str = ""
    """Whose rows they are, and `checksums` of its files, by name; empty in an old snapshot."""
    checksums: Mapping[str, int] = field(default_factory=dict)
    inputs: str = ""
    """The digest of all that decides the rows of a split; empty if they may not be taken over."""
    rejected_checksum: int | None = None
    facts: RowFacts | None = None
    rules: str = ""
    """The digest of all that decides a row; empty if none may be taken over by itself."""
    source: str = ""
    """The snapshot of the source, as `Staging.name_of` gives it, and its `source_checksum`."""
    source_checksum: int | None = None
    base: str = ""
    """The folder of the snapshot beside it that has all valid rows but those of `changed.parquet`;
    empty if it is not known."""


@dataclass(frozen=True, kw_only=True)
class DeliveryMeta:
    """Of the report of a delivery."""

    destination: str
    counts: DeliveryCounts
    objection: str | None = None
    """The message of the guard that stopped it."""
    valid: str | None = None
    """The snapshot that was sent, as `Staging.name_of` gives it; None in those of before."""
    arrival: "ArrivalMeta | None" = None


@dataclass(frozen=True, kw_only=True)
class ArrivalMeta:
    """Of the look that `verify` takes at what arrived."""

    looked: int
    """Profiles that were read back, or counts of events."""
    losses: Mapping[str, str] = field(default_factory=dict)
    """A sentence on each loss, by field and kind."""
    why: str | None = None
    """Why it is not known."""


@dataclass(frozen=True, kw_only=True)
class SnapshotMeta:
    """At most one of the three parts is there; a snapshot of another asset has none."""

    source: SourceMeta | None = None
    split: SplitMeta | None = None
    delivery: DeliveryMeta | None = None
    partition_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows of the source by partition: of a split its own ones, of the stock all."""


@functools.cache
def _meta() -> TypeAdapter[SnapshotMeta]:
    return TypeAdapter(SnapshotMeta)


def to_json(meta: SnapshotMeta) -> dict[str, Any]:
    return {"version": VERSION, **_meta().dump_python(meta, mode="json", exclude_defaults=True)}


def from_json(raw: Mapping[str, Any]) -> SnapshotMeta:
    """The meta of any version up to this one.

    Raises:
        UserError: It is of a newer version.
        ValueError: It is damaged.
    """
    version = raw.get("version", 1)
    if version > VERSION:
        raise UserError(
            f"it was staged by a newer ct_assets (its version is {version}, and this one reads "
            f"versions up to {VERSION}); update ct_assets"
        )
    return _meta().validate_python(raw if version == VERSION else _from_version_1(raw))


def _from_version_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = {"partition_rows": raw.get("partitions") or raw.get("rows") or {}}
    if "state" in raw:
        meta["source"] = _part(SourceMeta, raw)
    if "gate" in raw:
        meta["split"] = _part(SplitMeta, raw)
    if "destination" in raw:
        meta["delivery"] = {**_part(DeliveryMeta, raw), "counts": _delivery_counts(raw["counts"])}
    return meta


def _part(model: type, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: raw[each.name] for each in fields(model) if each.name in raw}


def _delivery_counts(raw: Mapping[str, int]) -> dict[str, Any]:
    """Version 1 summed up what was held but not parked, new and changed rows, and removals."""
    parked = raw.get("parked", 0)
    held = {"parked": parked, "for other reasons": raw["held"] - parked}
    return {
        **_part(DeliveryCounts, raw),
        "held": {reason: rows for reason, rows in held.items() if rows},
        "new": 0,
        "changed": raw["planned"],
        "sent": {name: raw[name] for name in ("planned", *OUTCOMES)},
        "removed": raw.get("removed", 0),
        "removals": {},
    }
