"""Checks of a whole row, beyond the values of its fields."""

from collections.abc import Mapping, Sequence

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import CHARGED, CHROME, ITEMS, PROFILE_FIELDS, REQUIRED_FIELDS
from ct_assets.mapping.binder.bound_field import BoundField
from ct_assets.mapping.binder.bound_sync import BoundSync
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.duplicates import DUPLICATE, UNPROFILED
from ct_assets.mapping.reasons import Reason

_FILL = "fill it in the source, or cut such rows with `where:`"


def rejections(bound: BoundSync, *, fated: bool) -> list[Reason]:
    """Why rows are rejected. `fated`: the rows carry their fate, from `duplicates`."""
    return [
        *bound.identity.reasons(),
        *_of_event(bound),
        *_of_items(bound),
        *_of_ts(bound),
        *(reason for field in bound.fields for reason in field.rejecting),
        *_of_closed_fields(bound),
        *_of_size(bound),
        *(_of_fate(bound) if fated else ()),
    ]


def warnings(bound: BoundSync) -> list[Reason]:
    """Why fields are left out of rows that are sent, and what is doubtful in them."""
    dropped = [reason for field in bound.fields for reason in field.dropping]
    doubts = [
        Reason(field.name, doubt.holds.fill_null(value=False), doubt.code, doubt.message)
        for field in bound.fields
        for doubt in field.converted.doubts
    ]
    return [*bound.identity.warnings(), *dropped, *doubts]


def _of_event(bound: BoundSync) -> list[Reason]:
    reasons = []
    if bound.event is not None:
        event = bound.event
        missing = event.value.is_null() & ~event.failed
        reasons.append(
            Reason(
                "event",
                missing,
                RejectedCode("event_name_missing"),
                f"empty, and an event needs a name: {_FILL}",
            )
        )
        reasons.append(Reason("event", event.failed, event.code, event.message))
    if bound.event_key is not None:
        reasons.append(
            Reason(
                "event_key",
                bound.event_key.is_null(),
                RejectedCode("event_key_missing"),
                "empty, and without a key nobody can tell whether the event was sent before: "
                + _FILL,
            )
        )
    if bound.key_rewritten is not None:
        reasons.append(
            Reason(
                "event_key",
                bound.key_rewritten,
                RejectedCode("event_key_damaged"),
                "a whole number that a spreadsheet or a column of floats has changed, such as 7.0, "
                "another event than 7: take it as text, or as an integer, from where it comes",
            )
        )
    return reasons


def _of_items(bound: BoundSync) -> list[Reason]:
    """Items in events named by a column; where all have one name, `bind` refuses Items."""
    items = [field.converted.value for field in bound.fields if field.name == ITEMS]
    if bound.event is None or not items:
        return []
    misplaced = items[0].is_not_null() & bound.event.value.ne(CHARGED)
    message = f"only the event {CHARGED} may have Items (code 512): leave them empty in others"
    return [Reason(ITEMS, misplaced, RejectedCode("items_not_charged"), message)]


def _of_ts(bound: BoundSync) -> list[Reason]:
    ts, declared = bound.ts, bound.sync.ts
    if ts is None or declared is None:
        return []
    invalid = Reason("ts", ts.failed, ts.code, ts.message)
    if declared.on_null == "skip":
        return [invalid]
    missing = Reason(
        "ts",
        ts.value.is_null() & ~ts.failed,
        RejectedCode("ts_missing"),
        "empty: the event would be dated on arrival; allow that with `on_null: skip` under `ts:`",
    )
    return [invalid, missing]


def _of_closed_fields(bound: BoundSync) -> list[Reason]:
    """Fields without which a token or a subscription is none."""
    object_ = bound.sync.object
    fields = {field.name: field for field in bound.fields}
    reasons = [
        _lacking(fields[name], f"empty, and a {object_} is nothing without it: {_FILL}")
        for name in REQUIRED_FIELDS.get(object_, ())
    ]
    if object_ == "token":
        reasons += [_lacking_key(fields, name) for name in ("p256dh", "auth")]
    return reasons


def _lacking(field: BoundField, message: str) -> Reason:
    lacking = field.converted.value.is_null()
    for reason in field.rejecting:
        lacking = lacking & ~reason.failed
    return Reason(field.name, lacking, RejectedCode("value_missing"), message)


def _lacking_key(fields: Mapping[str, BoundField], name: str) -> Reason:
    code, message = (
        RejectedCode("value_missing"),
        f"empty, and a token of {CHROME} goes with both keys, p256dh and auth: {_FILL}",
    )
    is_chrome = fields["type"].converted.value.eq_missing(CHROME)
    if name not in fields:
        return Reason(name, is_chrome, code, message)
    lacking = _lacking(fields[name], message)
    return lacking._replace(failed=lacking.failed & is_chrome)


def _of_size(bound: BoundSync) -> list[Reason]:
    limits = bound.sync.limits
    if bound.sync.object == "event":
        code, setting = RejectedCode("too_many_event_fields"), "event_fields"
        return _too_many(bound.fields, "properties", limits.event_fields, setting, code)
    custom = [f for f in bound.fields if f.name not in PROFILE_FIELDS]
    code, setting = RejectedCode("too_many_custom_fields"), "custom_fields"
    return _too_many(custom, "custom properties", limits.custom_fields, setting, code)


def _too_many(
    fields: Sequence[BoundField], noun: str, limit: int, setting: str, code: RejectedCode
) -> list[Reason]:
    if len(fields) <= limit:
        return []
    filled = pl.sum_horizontal([f.converted.value.is_not_null() for f in fields])
    message = pl.format(
        f"{{}} {noun}, and CleverTap takes {limit}: map fewer columns, or raise `{setting}` under "
        "`limits:` if your account has more",
        filled,
    )
    return [Reason("fields", filled > limit, code, message)]


_UNORDERED = (
    "is no date that tells which of them is the latest: write it in ISO 8601, such as "
    "2024-01-31T17:30:00, or make it a date or a number in the source"
)


def duplicate_code(sync: Sync) -> RejectedCode:
    """Why rows with one key are rejected."""
    if sync.duplicates.keep_latest_by is not None:
        return RejectedCode("order_unreadable")
    if sync.event_key is not None:
        return RejectedCode("event_key_duplicate")
    return RejectedCode("identity_duplicate")


def _of_fate(bound: BoundSync) -> list[Reason]:
    sync, identifier = bound.sync, bound.identity.identifiers[0].kind
    field, key = ("event_key", "event key") if sync.event_key else (identifier, "identity")
    why = (
        "nothing tells which of them is right: make it unique in the source, or name a column in "
        "`keep_latest_by` under `duplicates:`"
    )
    if (column := sync.duplicates.keep_latest_by) is not None:
        why = f"`{column}` {_UNORDERED}"
    copies = pl.col("__copies").cast(pl.String)
    message = pl.concat_str(copies, pl.lit(f" rows have this {key}, and {why}"))
    fate = pl.col("__fate")
    return [
        Reason(field, fate.eq_missing(DUPLICATE), duplicate_code(sync), message),
        Reason(
            identifier,
            fate.eq_missing(UNPROFILED),
            RejectedCode("profile_rejected"),
            f"{sync.require_profile} rejected the profile of this person, of whom the event "
            "alone would make an empty one: mend the profile's row",
        ),
    ]
