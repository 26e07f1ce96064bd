"""What a whole row must have, beyond the values of its fields."""

import polars as pl

from ct_assets.clevertap.contract import PROFILE_FIELDS
from ct_assets.mapping.bind import Mapped, MappedField
from ct_assets.mapping.keys import DUPLICATE, UNPROFILED
from ct_assets.mapping.reasons import Reason


def rejections(mapped: Mapped, *, fated: bool) -> list[Reason]:
    """Why rows are rejected. `fated`: the rows carry what `keys` said about them."""
    return [
        *mapped.identity.reasons(),
        *_of_event(mapped),
        *_of_ts(mapped),
        *(_of_field(f) for f in mapped.fields if f.declared.on_invalid == "reject"),
        *_of_size(mapped),
        *(_of_fate(mapped) if fated else ()),
    ]


def warnings(mapped: Mapped) -> list[Reason]:
    """What is left out of rows that are sent."""
    dropped = [_of_field(f) for f in mapped.fields if f.declared.on_invalid == "drop"]
    return [*mapped.identity.warnings(), *dropped]


def _of_field(field: MappedField) -> Reason:
    converted = field.converted
    return Reason(field.name, converted.failed, converted.code, converted.message)


def _of_event(mapped: Mapped) -> list[Reason]:
    found = []
    if mapped.event is not None:
        event = mapped.event
        missing = event.value.is_null() & ~event.failed
        found.append(_reason("event", missing, "event_name_missing", "The event has no name."))
        found.append(Reason("event", event.failed, event.code, event.message))
    if mapped.event_key is not None:
        found.append(
            _reason(
                "event_key",
                mapped.event_key.is_null(),
                "event_key_missing",
                "Without a key nobody could tell whether the event was sent before.",
            )
        )
    return found


def _of_ts(mapped: Mapped) -> list[Reason]:
    ts, declared = mapped.ts, mapped.sync.ts
    if ts is None or declared is None:
        return []
    invalid = Reason("ts", ts.failed, ts.code, ts.message)
    if declared.on_null == "skip":
        return [invalid]
    missing = _reason(
        "ts",
        ts.value.is_null() & ~ts.failed,
        "ts_missing",
        "Without a time it would be dated on arrival. Give it one, or allow that with "
        "`ts: {column: ..., on_null: skip}`.",
    )
    return [invalid, missing]


def _of_size(mapped: Mapped) -> list[Reason]:
    limits = mapped.sync.limits
    if mapped.sync.object == "event":
        return _too_many(mapped.fields, limits.event_fields, "event_fields", "properties")
    custom = tuple(f for f in mapped.fields if f.name not in PROFILE_FIELDS)
    return _too_many(custom, limits.custom_fields, "custom_fields", "custom properties")


def _too_many(fields: tuple[MappedField, ...], limit: int, setting: str, what: str) -> list[Reason]:
    if len(fields) <= limit:
        return []
    filled = pl.sum_horizontal([f.converted.value.is_not_null() for f in fields])
    message = pl.format(
        f"Has {{}} {what}, and CleverTap takes {limit}. Map fewer columns, or raise "
        f"`limits: {{{{{setting}: ...}}}}` if your account has more.",
        filled,
    )
    return [Reason("fields", filled > limit, pl.lit(f"too_many_{setting}"), message)]


def _of_fate(mapped: Mapped) -> list[Reason]:
    fate, copies = pl.col("_fate"), pl.col("_copies")
    if mapped.event_key is None:
        field, code, what = mapped.identity.identifiers[0].kind, "identity_duplicate", "identity"
    else:
        field, code, what = "event_key", "event_key_duplicate", "event key"
    message = pl.format(
        f"{{}} rows have this {what}, and which of them is right cannot be told. Make it unique in "
        "the source, or declare `duplicates: keep_latest_by` with a column.",
        copies,
    )
    unprofiled = _reason(
        field if mapped.event_key is None else mapped.identity.identifiers[0].kind,
        fate.eq_missing(UNPROFILED),
        "profile_rejected",
        f"The profile of this person was rejected by {mapped.sync.require_profile}; the event "
        "alone would make an empty profile. Mend the profile's row.",
    )
    return [Reason(field, fate.eq_missing(DUPLICATE), pl.lit(code), message), unprofiled]


def _reason(field: str, failed: pl.Expr, code: str, message: str) -> Reason:
    return Reason(field, failed, pl.lit(code), pl.lit(message))
