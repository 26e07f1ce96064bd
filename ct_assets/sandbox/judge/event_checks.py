"""Checks events."""

from ct_assets.clevertap.contract import RESERVED_PREFIX
from ct_assets.clevertap.fields import CHARGED
from ct_assets.sandbox.json_types import Record
from ct_assets.sandbox.judge import refusal_texts
from ct_assets.sandbox.sandbox_settings import Settings

ITEMS = "Items"


def canonical(name: str) -> str:
    """Names that differ in case and spaces are one event to CleverTap."""
    return "".join(name.lower().split())


_CHARGED = canonical(CHARGED)


class EventChecks:
    def __init__(self, settings: Settings) -> None:
        self._reserved = frozenset(canonical(name) for name in settings.reserved_events)
        self._discarded = frozenset(canonical(name) for name in settings.discarded_events)
        self._nested = settings.nested_objects
        self._most = (
            settings.limits.event_fields if settings.event_property_overflow == "refuse" else None
        )

    def first_failure(self, record: Record) -> refusal_texts.RefusalText | None:
        name = record.get("evtName")
        if not isinstance(name, str) or not (key := canonical(name)):
            return refusal_texts.NAME_MISSING
        if key in self._reserved or key.startswith(RESERVED_PREFIX):
            return refusal_texts.RESTRICTED
        if key in self._discarded:
            return refusal_texts.DISCARDED
        data = record.get("evtData")
        if data is None:
            return None
        if not isinstance(data, dict):
            return refusal_texts.STRUCTURE
        if wrong := self._nested_value(data, charged=key == _CHARGED):
            return wrong
        if self._most is not None and len(data) > self._most:
            return refusal_texts.TOO_MANY_PROPERTIES
        return None

    def _nested_value(self, data: Record, *, charged: bool) -> refusal_texts.RefusalText | None:
        for field, value in data.items():
            if not isinstance(value, dict | list):
                continue
            if charged and field == ITEMS:
                if not _are_items(value):
                    return refusal_texts.STRUCTURE
            elif not self._nested:
                return refusal_texts.nested(field)
        return None


def _are_items(value: object) -> bool:
    """Whether it is a list of flat objects, as only Charged may have."""
    return isinstance(value, list) and all(
        isinstance(item, dict) and not any(isinstance(v, dict | list) for v in item.values())
        for item in value
    )
