"""Cleans `evtData` to the properties that are kept."""

from ct_assets.sandbox.json_types import Json, Record
from ct_assets.sandbox.judge.event_checks import ITEMS
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.properties.generated_schema import Schema
from ct_assets.sandbox.store.properties.property_types import Cleaner, Note, Noted, type_of


class EventData:
    def __init__(self, settings: Settings, cleaner: Cleaner, schema: Schema) -> None:
        self._limits = settings.limits
        self._discarded = settings.discarded_properties
        self._cleaner, self._schema = cleaner, schema

    def cleaned(self, name_id: int, record: Record, noted: Noted) -> dict[str, Json]:
        kept: dict[str, Json] = {}
        for raw, given in (record.get("evtData") or {}).items():
            field = self._cleaner.name(raw, noted)
            if given is None or not field or field in self._discarded:
                continue
            if len(kept) >= self._limits.event_fields and field not in kept:
                noted(Note("too_many_properties", field, "dropped"))
                continue
            value = self._value(field, given, noted)
            if value is not None and self._schema.admits(name_id, field, type_of(value), noted):
                kept[field] = value
        return kept

    def _value(self, field: str, given: Json, noted: Noted) -> Json:
        if isinstance(given, str):
            return self._cleaner.text(field, given, noted)
        if not isinstance(given, list | dict):
            return given
        if field == ITEMS and isinstance(given, list) and len(given) > self._limits.items:
            noted(Note("too_many_items", field, f"{len(given)} items, {self._limits.items} kept"))
            given = given[: self._limits.items]
        return self._cleaner.nested(field, given, noted)
