"""Segments, device tokens and subscriptions take fewer settings than profiles and events."""

from collections.abc import Iterator, Mapping

from ct_assets.clevertap.contract import CONTACTS, DELETABLE
from ct_assets.clevertap.fields import REQUIRED_FIELDS
from ct_assets.mapping.declaration.field import unknown_identifier
from ct_assets.mapping.declaration.problems import Problem

_OF_PROFILES_AND_EVENTS = (
    *("other_columns", "consent", "event", "event_key", "ts", "first_run", "partition"),
    *("on_removed", "max_removed", "mode", "look_again_hours", "send", "verify"),
)
_OF_ROWS = ("fields", "duplicates", "on_unknown", "max_changed", "max_refused")
_OF_VALUES = (
    *("op", "on_null", "nested", "hash", "redact", "separator", "json", "on_invalid", "write"),
)
_IDENTIFIERS = {"segment": DELETABLE, "token": ("objectId",), "subscription": CONTACTS}


def problems_of_object(raw: Mapping[str, object]) -> Iterator[Problem]:
    kind = raw.get("object")
    if kind != "segment" and "segment" in raw:
        yield Problem(("segment",), "is for `object: segment`. Leave it out.")
    if kind == "segment":
        yield from _of_segment(raw)
    elif kind in ("token", "subscription"):
        yield from _of_fields(raw, kind)
    yield from _of_identifiers(raw.get("identify_by"), kind)


def _of_segment(raw: Mapping[str, object]) -> Iterator[Problem]:
    yield from _foreign(raw, (*_OF_PROFILES_AND_EVENTS, *_OF_ROWS), "a segment has people alone")
    if raw.get("segment") is None:
        yield Problem(
            (),
            "`segment` is missing. Write the list, such as `segment: {name: Jazz buyers, creator: "
            "ct_assets, email: admin@example.com}`.",
        )


def _of_fields(raw: Mapping[str, object], kind: str) -> Iterator[Problem]:
    """Of an object with a few fields of its own, each with one value."""
    others = (*_OF_PROFILES_AND_EVENTS, "require_profile")
    yield from _foreign(raw, others, f"a {kind} has its own fields alone")
    fields = raw.get("fields")
    given = fields if isinstance(fields, Mapping) else {}
    for name in REQUIRED_FIELDS[kind]:
        if name not in given:
            yield Problem((), f"`fields` lacks {name}. Write its column: {_EXAMPLES[kind]}.")
    for name, field in given.items():
        for setting in _OF_VALUES if isinstance(field, Mapping) else ():
            if setting in field:
                yield Problem(("fields", name, setting), f"is not for {kind}s. Leave it out.")


_EXAMPLES = {
    "token": "`fields: {token: push_token, type: {value: fcm}}`",
    "subscription": "`fields: {status: may_be_written_to}`",
}


def _foreign(
    raw: Mapping[str, object], settings: tuple[str, ...], instead: str
) -> Iterator[Problem]:
    for setting in settings:
        if setting in raw:
            yield Problem((setting,), f"is for profiles and events; {instead}. Leave it out.")


def _of_identifiers(listed: object, object_: object) -> Iterator[Problem]:
    entries = listed if isinstance(listed, list | tuple) else ()
    for place, entry in enumerate(entries):
        kind = next(iter(entry), None) if isinstance(entry, Mapping) else None
        if problem := _problem_of(kind, object_):
            yield Problem(("identify_by", place), problem)
    if object_ == "subscription" and len(entries) > 1:
        yield Problem(
            ("identify_by",),
            "names several contacts, and a subscription is of one. Write a sync for each.",
        )


def _problem_of(kind: object, object_: object) -> str | None:
    if object_ == "segment" and kind in ("FBID", "GPID"):
        return f"{kind} names nobody in a list: use identity or objectId."
    if object_ in ("token", "subscription") and kind not in _IDENTIFIERS[object_]:
        return f"{kind} names no {object_}: use {' or '.join(_IDENTIFIERS[object_])}."
    if object_ not in ("token", "subscription") and kind in CONTACTS:
        return unknown_identifier(kind)
    return None
