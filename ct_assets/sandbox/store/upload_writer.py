"""Stores the accepted records of one upload, and notes what CleverTap drops in silence."""

import contextlib
import sqlite3
from collections.abc import Sequence

import orjson

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.judge.token_checks import platform_of
from ct_assets.sandbox.judge.upload_checks import Accepted
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.event_names import EventNames
from ct_assets.sandbox.store.people.profile_table import ProfileTable
from ct_assets.sandbox.store.properties.event_data import EventData
from ct_assets.sandbox.store.properties.generated_schema import DriftError, Schema
from ct_assets.sandbox.store.properties.profile_data import ProfileData
from ct_assets.sandbox.store.properties.property_types import Cleaner, Note

EXCERPT = 500
"""Characters of a name in the error stream."""

_Event = tuple[int, int, int, int, int, float, str]
"""Request, position, person, name, time, moment of arrival, properties."""


class UploadWriter:
    """To be used within a transaction: `begin`, then `store`, then `flush`."""

    def __init__(
        self, connection: sqlite3.Connection, settings: Settings, people: ProfileTable
    ) -> None:
        self._connection, self._people = connection, people
        self._schema = Schema(connection, settings.type_drift)
        cleaner = Cleaner(settings, longest_name=settings.limits.key_bytes)
        self.names = EventNames(connection, settings)
        self._profile_data = ProfileData(settings, cleaner, self._schema, people)
        self._event_data = EventData(settings, cleaner, self._schema)
        self._collapses = settings.repeated_events == "collapse"
        self._events: list[_Event] = []
        self._errors: list[tuple[object, ...]] = []

    def begin(self) -> None:
        self._events.clear()
        self._errors.clear()
        self._people.begin()

    def rolled_back(self) -> None:
        self._schema.reload()
        self.names.reload()

    def store(self, request: int, records: Sequence[Accepted], now: float) -> None:
        kinds = {"profile": self._profile, "event": self._event, "token": self._token}
        for accepted in records:
            notes: list[Note] = []
            with contextlib.suppress(DriftError):
                kinds[accepted.record["type"]](request, accepted, now, notes)
            if notes:
                self._note(request, accepted, now, notes)

    def raise_event(
        self, request: int, pid: int, name: str, props: dict[str, Json], now: float
    ) -> None:
        """A system event, such as CleverTap records by itself, unless no more names fit."""
        name_id = self.names.id_of(name, _no_notes)
        if name_id is not None:
            text = orjson.dumps(props).decode()
            self._events.append((request, -1, pid, name_id, int(now), now, text))

    def flush(self, now: float) -> None:
        self._people.flush()
        self._connection.executemany(
            "insert into events (request, position, pid, name_id, ts, received, props)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [(*event[:2], self._people.now(event[2]), *event[3:]) for event in self._events],
        )
        self._schema.flush(int(now))
        self._connection.executemany(
            "insert into errors (request, position, at, object, event, kind, property, message)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            self._errors,
        )
        self._events.clear()
        self._errors.clear()

    def _profile(self, _request: int, accepted: Accepted, now: float, notes: list[Note]) -> None:
        profile = self._people.resolve(accepted.identifiers, int(now))
        self._profile_data.apply(profile, accepted.record.get("profileData") or {}, int(now), notes)

    def _event(self, request: int, accepted: Accepted, now: float, notes: list[Note]) -> None:
        name_id = self.names.id_of(accepted.record["evtName"], notes.append)
        if name_id is None:
            return
        props = self._event_data.cleaned(name_id, accepted.record, notes.append)
        pid = self._people.resolve(accepted.identifiers, int(now)).pid
        ts = accepted.record.get("ts") or int(now)
        text = orjson.dumps(props).decode()
        if not (self._collapses and self._has_event(pid, name_id, ts, text)):
            self._events.append((request, accepted.position, pid, name_id, ts, now, text))

    def _has_event(self, pid: int, name_id: int, ts: int, text: str) -> bool:
        """Whether an equal event is stored already, or about to be."""
        wanted = (pid, name_id, ts)
        if any(event[2:5] == wanted and event[6] == text for event in self._events):
            return True
        rows = self._connection.execute(
            "select 1 from events where pid = ? and name_id = ? and ts = ? and props = ?",
            (*wanted, text),
        )
        return rows.fetchone() is not None

    def _token(self, _request: int, accepted: Accepted, now: float, _notes: list[Note]) -> None:
        object_id, token = accepted.record["objectId"], accepted.record["tokenData"]
        pid = self._people.resolve(accepted.identifiers, int(now)).pid
        self._connection.execute(
            "insert into devices values (?, ?, ?, ?, ?) on conflict do update set"
            " pid = excluded.pid, token = excluded.token, token_type = excluded.token_type",
            (object_id, pid, platform_of(object_id), token["id"], token["type"]),
        )

    def _note(self, request: int, accepted: Accepted, now: float, notes: Sequence[Note]) -> None:
        name = str(accepted.record.get("evtName", ""))[:EXCERPT] or None
        for kind, field, message in notes:
            where = (request, accepted.position, now, accepted.record["type"], name)
            self._errors.append((*where, kind, field and field[:EXCERPT], message[:EXCERPT]))


def _no_notes(_: Note) -> None:
    """Takes no note: the names of system events are well-formed."""
