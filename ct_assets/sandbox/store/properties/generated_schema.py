"""Keeps the schema that CleverTap generates: a property has the type it was first seen with."""

import sqlite3
from collections import Counter
from typing import Literal

from ct_assets.sandbox.store.properties.property_types import NUMBERS, Note, Noted

USER = 0
"""Stands for user properties where events have the id of their name."""

Drift = Literal["accept", "drop_property", "drop_event"]


class DriftError(Exception):
    """The whole record is dropped, since one of its values has another type than its property."""


class Schema:
    """The types in memory and the counts of one transaction, written by `flush`."""

    def __init__(self, connection: sqlite3.Connection, drift: Drift) -> None:
        self._connection, self._drift = connection, drift
        self._seen: Counter[tuple[int, str, str]] = Counter()
        self._dropped: Counter[tuple[int, str, str]] = Counter()
        self._types: dict[tuple[int, str], str] = {}
        self.reload()

    def reload(self) -> None:
        """After a rollback, too."""
        self._seen.clear()
        self._dropped.clear()
        self._types.clear()
        rows = self._connection.execute(
            "select name_id, property, type from schema where seen > 0 order by first_seen desc"
        )
        for name_id, name, kind in rows:
            self._types[name_id, name] = kind

    def admits(self, owner: int, name: str, kind: str, noted: Noted) -> bool:
        """Whether a value of type `kind` is kept; counts it either way."""
        locked = self._types.setdefault((owner, name), kind)
        if locked == kind or (locked in NUMBERS and kind in NUMBERS):
            self._seen[owner, name, kind] += 1
            return True
        if self._drift == "accept":
            self._seen[owner, name, kind] += 1
            noted(Note("type_mismatch", name, f"{kind} kept, though first seen as {locked}"))
            return True
        self._dropped[owner, name, kind] += 1
        noted(Note("type_mismatch", name, f"{kind} dropped, because first seen as {locked}"))
        if self._drift == "drop_event":
            raise DriftError
        return False

    def keeps(self, owner: int, name: str, kind: str) -> None:
        """Counts a value that is kept whatever its type."""
        self._types.setdefault((owner, name), kind)
        self._seen[owner, name, kind] += 1

    def flush(self, now: int) -> None:
        keys = self._seen.keys() | self._dropped.keys()
        self._connection.executemany(
            "insert into schema values (?, ?, ?, ?, ?, ?) on conflict do update set"
            " seen = seen + excluded.seen, dropped = dropped + excluded.dropped",
            [(*key, now, self._seen[key], self._dropped[key]) for key in keys],
        )
        self._seen.clear()
        self._dropped.clear()
