"""Names the types of values as CleverTap's schema does, and cuts values to its limits."""

import re
from collections.abc import Callable
from typing import NamedTuple

from ct_assets.clevertap.contract import FORBIDDEN_CHARACTERS
from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.sandbox_settings import Settings

_TYPES = {
    str: "String",
    bool: "Boolean",
    int: "Integer",
    float: "Float",
    list: "List",
    dict: "Object",
}
_DATE = re.compile(r"\$D_-?\d{1,18}")
_FORBIDDEN = {
    "strip": str.maketrans("", "", FORBIDDEN_CHARACTERS),
    # It is refused by the imports alone.
    "warn": str.maketrans("", "", FORBIDDEN_CHARACTERS.replace("#", "")),
}
_FAR = 99_999_999_999

MOST_NAMES, LONGEST_NAME = 10_000, 1_000
"""Bounds of the cache of cleaned names; names beyond them are cleaned again each time."""
NUMBERS = frozenset({"Integer", "Float"})


class Note(NamedTuple):
    """A line of the error stream about a record that was answered with success."""

    kind: str
    field: str | None
    message: str


Noted = Callable[[Note], None]


def type_of(value: object) -> str:
    if type(value) is str and value.startswith("$D_") and _DATE.fullmatch(value):
        return "Date"
    return _TYPES[type(value)]


class Cleaner:
    """Names without forbidden characters, values within limits; remembers the names it has seen."""

    def __init__(self, settings: Settings, *, longest_name: int) -> None:
        self._limits, self._longest_name = settings.limits, longest_name
        self._forbidden = _FORBIDDEN[settings.number_signs]
        self._strips = settings.forbidden_characters == "strip"
        self._drops = settings.long_values == "drop"
        self._unit, self._depth = settings.length_unit, settings.nested_depth
        self._names: dict[str, tuple[str, tuple[Note, ...]]] = {}

    def name(self, raw: str, noted: Noted) -> str:
        """The name it is kept under; empty when nothing is left of it."""
        cleaned = self._names.get(raw)
        if cleaned is None:
            cleaned = self._cleaned(raw)
            if len(self._names) < MOST_NAMES and len(raw) <= LONGEST_NAME:
                self._names[raw] = cleaned
        for note in cleaned[1]:
            noted(note)
        return cleaned[0]

    def _cleaned(self, raw: str) -> tuple[str, tuple[Note, ...]]:
        notes = []
        name = raw.translate(self._forbidden).strip()
        if name != raw:
            name = name if self._strips else raw
            notes.append(Note("forbidden_characters", raw, f"kept as {name!r}"))
        if "#" in name:
            notes.append(Note("forbidden_characters", raw, "# is refused by CleverTap's imports"))
        if self._length(name) > self._longest_name:
            name = self._cut(name, self._longest_name)
            notes.append(Note("key_too_long", raw, f"cut to {self._longest_name} {self._unit}"))
        return name, tuple(notes)

    def text(self, field: str, value: str, noted: Noted) -> str | None:
        """The text within limits; None if it is dropped because it is too long."""
        most = self._limits.value_bytes
        # No character takes more than four bytes.
        if len(value) * 4 <= most or self._length(value) <= most:
            if value.startswith("$D_"):
                _check_date(field, value, noted)
            return value
        change = "dropped" if self._drops else f"cut to {most}"
        noted(Note("value_too_long", field, f"{self._length(value)} {self._unit}, {change}"))
        return None if self._drops else self._cut(value, most)

    def _length(self, text: str) -> int:
        return len(text.encode()) if self._unit == "bytes" else len(text)

    def _cut(self, text: str, most: int) -> str:
        if self._unit == "characters":
            return text[:most]
        return text.encode()[:most].decode(errors="ignore")

    def items(self, field: str, values: list[Json], noted: Noted) -> list[Json]:
        """A multi-value: unique texts, the last hundred of them."""
        flat = [v for v in values if v is not None and not isinstance(v, list | dict)]
        if len(flat) < sum(v is not None for v in values):
            noted(Note("nested_value", field, "lists hold texts only; nested values dropped"))
        texts = dict.fromkeys(self.text(field, as_text(v), noted) for v in flat)
        return self.newest(field, [text for text in texts if text is not None], noted)

    def nested(self, field: str, given: Json, noted: Noted, depth: int = 1) -> Json:
        """Objects and lists with what is allowed in them; None where they lie too deep."""
        if isinstance(given, str):
            return self.text(field, given, noted)
        if not isinstance(given, list | dict):
            return given
        if depth > self._depth:
            noted(Note("nested_too_deep", field, f"dropped below depth {self._depth}"))
            return None
        if isinstance(given, list):
            items = [self.nested(field, value, noted, depth) for value in given]
            return [value for value in items if value is not None]
        pairs = (
            (self.name(key, noted), self.nested(field, value, noted, depth + 1))
            for key, value in given.items()
        )
        return {key: value for key, value in pairs if key and value is not None}

    def newest(self, field: str, texts: list[Json], noted: Noted) -> list[Json]:
        most = self._limits.list_items
        if len(texts) > most:
            noted(Note("list_too_long", field, f"{len(texts)} values, the last {most} kept"))
        return texts[-most:]


def as_text(value: object) -> str:
    """A scalar as a multi-value holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _check_date(field: str, value: str, noted: Noted) -> None:
    if not _DATE.fullmatch(value):
        noted(Note("not_a_date", field, "$D_ takes epoch seconds; kept as a text"))
    elif abs(int(value[3:])) > _FAR:
        noted(Note("date_out_of_range", field, "$D_ takes epoch seconds, these look like more"))
