"""Keeps names of events: the first spelling wins; letter case and spaces make no difference."""

import sqlite3

from ct_assets.sandbox.judge.event_checks import canonical
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.properties.property_types import Cleaner, Note, Noted


class EventNames:
    def __init__(self, connection: sqlite3.Connection, settings: Settings) -> None:
        self._connection = connection
        self._most = settings.limits.event_types
        self._cleaner = Cleaner(settings, longest_name=settings.limits.event_name_bytes)
        self._key = canonical if settings.event_name_case == "insensitive" else str
        self._ids: dict[str, int] = {}
        self.reload()

    def reload(self) -> None:
        rows = self._connection.execute("select canonical, name_id from event_names")
        self._ids = dict(rows.fetchall())

    def id_of(self, raw: str, noted: Noted) -> int | None:
        """The id of an event's name; None when the account can take no more names."""
        name = self._cleaner.name(raw, noted)
        known = self._ids.get(self._key(name))
        return known if known is not None else self._added(name, noted)

    def _added(self, name: str, noted: Noted) -> int | None:
        if not canonical(name):
            noted(Note("forbidden_characters", None, "nothing is left of the event's name"))
            return None
        if len(self._ids) >= self._most:
            noted(Note("too_many_events", None, f"the account has {self._most} names of events"))
            return None
        cursor = self._connection.execute(
            "insert into event_names (canonical, name) values (?, ?)", (self._key(name), name)
        )
        self._ids[self._key(name)] = name_id = int(cursor.lastrowid or 0)
        return name_id
