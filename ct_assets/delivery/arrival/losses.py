"""Losses are values and events that CleverTap acknowledged and does not have."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_DATE = "$D_"

Kind = Literal["dropped", "type_locked", "truncated", "discarded"]


@dataclass(frozen=True)
class Loss:
    field: str
    """Of profiles; of events their name."""
    kind: Kind
    rows: int
    of: int
    """Those that were looked at."""


ADVICE: Mapping[Kind, str] = {
    "dropped": "CleverTap does not have the property: it was discarded in the dashboard, or the "
    "account has as many as it takes",
    "type_locked": "CleverTap keeps the type that the property had first: declare that `type`, or "
    "send it under a new name",
    "truncated": "CleverTap cut the value: shorten it with `expr:`, or look at `limits:`",
    "discarded": "CleverTap counts fewer events than it acknowledged: look whether the event was "
    "discarded in the dashboard, or the account has as many events as it takes",
}


class ProfileLosses:
    """Collects losses of profiles, each read back after it was sent."""

    def __init__(self) -> None:
        self._sent: Counter[str] = Counter()
        self._lost: Counter[tuple[str, Kind]] = Counter()
        self._missing: Counter[str] = Counter()

    def compare(self, sent: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        """`sent` is the profileData of a record, `seen` what the profile has."""
        for name, value in sent.items():
            if isinstance(value, dict):  # an operator: what it comes to depends on what was there
                continue
            self._sent[name] += 1
            if seen.get(name) is None:
                self._missing[name] += 1
            elif kind := _difference(value, seen[name]):
                self._lost[name, kind] += 1

    @property
    def missing(self) -> Collection[str]:
        return self._missing.keys()

    def found(self, known: Collection[str]) -> Iterator[Loss]:
        """`known`: the properties of the account, some of which have another type."""
        lost = Counter(self._lost)
        for name, rows in self._missing.items():
            lost[name, "type_locked" if name in known else "dropped"] += rows
        for (name, kind), rows in sorted(lost.items()):
            yield Loss(name, kind, rows, self._sent[name])


def _difference(sent: object, seen: object) -> Kind | None:
    """None for another value of the same type, too: the app may have written it since."""
    if _plain(sent) == _plain(seen):
        return None
    if isinstance(sent, str) and isinstance(seen, str) and sent.startswith(seen):
        return "truncated"
    if isinstance(sent, list) and isinstance(seen, list) and _within(seen, sent):
        return "truncated"
    return None if sort_of(sent) == sort_of(seen) else "type_locked"


def _within(seen: list[Any], sent: list[Any]) -> bool:
    return len(seen) < len(sent) and all(any(str(s).startswith(str(v)) for s in sent) for v in seen)


def _plain(value: object) -> object:
    """Without what CleverTap writes otherwise: a phone number loses its plus, a date its mark."""
    if isinstance(value, bool | list):
        return value
    if isinstance(value, int | float):
        return float(value)
    text = str(value).removeprefix(_DATE).removeprefix("+")
    return float(text) if text.isdecimal() else text


def sort_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "date" if value.startswith(_DATE) else "string"
    return "list" if isinstance(value, list) else "object"
