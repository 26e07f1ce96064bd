"""Applies a value of `profileData`, maybe an operator such as `$incr`, to the property it names."""

import math
from typing import Literal

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.store.properties.property_types import (
    NUMBERS,
    Cleaner,
    Note,
    Noted,
    as_text,
    type_of,
)

Scope = Literal["all", "name_and_gender"]

GROUPS = frozenset({"category-unsubscribe", "category-resubscribe"})
_LARGEST = 2**63 - 1


class Operators:
    """Computes the new value of a property; None means that it is removed."""

    def __init__(self, cleaner: Cleaner, scope: Scope, *, nested: bool) -> None:
        self._cleaner, self._scope, self._nested = cleaner, scope, nested

    def result(self, field: str, given: Json, before: Json, noted: Noted) -> Json:
        if isinstance(given, dict) and field not in GROUPS:
            return self._operate(field, given, before, noted)
        if isinstance(given, list):
            return self._cleaner.items(field, given, noted) or None
        if isinstance(given, str):
            text = self._cleaner.text(field, given, noted)
            return before if text is None else text
        return given

    def _operate(self, field: str, given: dict[str, Json], before: Json, noted: Noted) -> Json:
        match given:
            case {"$set": list(values), **rest} if not rest:
                return self._cleaner.items(field, values, noted) or None
            case {"$add": list(values), **rest} if not rest:
                added = self._cleaner.items(field, values, noted)
                together = list(dict.fromkeys([*self._as_list(before), *added]))
                return self._cleaner.newest(field, together, noted) or None
            case {"$remove": list(values), **rest} if not rest:
                removed = {as_text(v) for v in values}
                return [v for v in self._as_list(before) if v not in removed] or None
            case {"$incr": int() | float() as by, **rest} if not rest:
                return self._moved(field, before, by, noted)
            case {"$decr": int() | float() as by, **rest} if not rest:
                return self._moved(field, before, -by, noted)
            case {"$delete": _, **rest} if not rest:
                return self._deleted(field, before, noted)
        if self._nested and not any(key.startswith("$") for key in given):
            return self._cleaner.nested(field, given, noted) or None
        noted(Note("nested_value", field, "neither a scalar, a list nor an operator; dropped"))
        return before

    def _deleted(self, field: str, before: Json, noted: Noted) -> Json:
        if self._scope == "all" or field in ("Name", "Gender"):
            return None
        noted(Note("delete_refused", field, "$delete removes Name and Gender only"))
        return before

    def _moved(self, field: str, before: Json, by: float, noted: Noted) -> Json:
        if before is not None and type_of(before) not in NUMBERS:
            noted(Note("not_a_number", field, "$incr and $decr change numbers only; dropped"))
            return before
        moved = (before if isinstance(before, int | float) else 0) + by
        if not math.isfinite(moved) or abs(moved) > _LARGEST:
            noted(Note("not_a_number", field, "the result is out of range; dropped"))
            return before
        return moved

    def _as_list(self, before: Json) -> list[Json]:
        """A scalar is promoted to a list of its text."""
        if before is None:
            return []
        return [as_text(v) for v in before] if isinstance(before, list) else [as_text(before)]
