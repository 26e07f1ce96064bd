"""Keeps profiles and their identifiers: finds, creates, links and merges them."""

import hashlib
import sqlite3
from dataclasses import dataclass, field

import orjson

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier

_MOVED = ("identifiers", "devices", "events")


@dataclass(slots=True)
class ProfileRow:
    pid: int
    first_seen: int
    last_seen: int
    props: dict[str, Json] = field(default_factory=dict)
    is_new: bool = False


class ProfileTable:
    """Reads profiles as a transaction needs them and writes them once, at its end."""

    def __init__(self, connection: sqlite3.Connection, sandbox_id: str) -> None:
        self._connection, self._sandbox_id = connection, sandbox_id
        self._loaded: dict[int, ProfileRow] = {}
        self._changed: set[int] = set()
        self._pids: dict[ProfileIdentifier, int] = {}
        self._linked: list[tuple[str, str, int, int]] = []
        self._merged: dict[int, int] = {}
        self._next = 0

    def begin(self) -> None:
        self._loaded.clear()
        self._changed.clear()
        self._pids.clear()
        self._linked.clear()
        self._merged.clear()
        highest = self._connection.execute(
            "select max(coalesce((select max(pid) from profiles), 0),"
            " coalesce((select max(pid) from tombstones), 0))"
        )
        self._next = highest.fetchone()[0] + 1

    def now(self, pid: int) -> int:
        """The profile that a profile of this transaction was merged into, or itself."""
        while pid in self._merged:
            pid = self._merged[pid]
        return pid

    def find(self, identifier: ProfileIdentifier) -> int | None:
        pid = self._pids.get(identifier)
        if pid is None:
            row = self._connection.execute(
                "select pid from identifiers where kind = ? and value = ?", identifier
            ).fetchone()
            if row is None:
                return None
            pid = self._pids[identifier] = row[0]
        return pid

    def resolve(self, identifiers: tuple[ProfileIdentifier, ...], now: int) -> ProfileRow:
        """The profile that the first identifier selects, with the others linked to it."""
        pid = self.find(identifiers[0])
        profile = self._created(identifiers[0], now) if pid is None else self.load(pid)
        profile.last_seen = now
        self._changed.add(profile.pid)
        for identifier in identifiers[1:]:
            self.link(profile, identifier, now)
        return profile

    def link(self, profile: ProfileRow, identifier: ProfileIdentifier, now: int) -> None:
        other = self.find(identifier)
        if other is None:
            self._remember(identifier, profile.pid, now)
        elif other != profile.pid:
            self._merge(profile, self.load(other))

    def load(self, pid: int) -> ProfileRow:
        profile = self._loaded.get(pid)
        if profile is None:
            row = self._connection.execute(
                "select first_seen, last_seen, props from profiles where pid = ?", (pid,)
            ).fetchone()
            profile = self._loaded[pid] = ProfileRow(pid, row[0], row[1], orjson.loads(row[2]))
        return profile

    def change(self, pid: int, props: dict[str, Json]) -> None:
        """Sets properties; None removes one."""
        profile = self.load(pid)
        together = profile.props | props
        profile.props = {name: value for name, value in together.items() if value is not None}
        self._changed.add(pid)

    def forget(self, identifier: ProfileIdentifier) -> None:
        self.flush()
        self._pids.pop(identifier, None)
        self._connection.execute("delete from identifiers where kind = ? and value = ?", identifier)

    def flush(self) -> None:
        changed = [self._loaded[pid] for pid in self._changed]
        self._connection.executemany(
            "insert into profiles values (?, ?, ?, ?, ?, ?)",
            [_row(profile) for profile in changed if profile.is_new],
        )
        self._connection.executemany(
            "update profiles set pid = ?1, first_seen = ?2, last_seen = ?3, email = ?4, phone = ?5,"
            " props = ?6 where pid = ?1",
            [_row(profile) for profile in changed if not profile.is_new],
        )
        self._connection.executemany("insert into identifiers values (?, ?, ?, ?)", self._linked)
        for profile in changed:
            profile.is_new = False
        self._changed.clear()
        self._linked.clear()

    def create(self, now: int) -> ProfileRow:
        """A profile with no identifier yet."""
        profile = ProfileRow(self._next, now, now, is_new=True)
        self._next += 1
        self._loaded[profile.pid] = profile
        self._changed.add(profile.pid)
        return profile

    def _created(self, identifier: ProfileIdentifier, now: int) -> ProfileRow:
        profile = self.create(now)
        self._remember(identifier, profile.pid, now)
        if identifier.kind != "objectId":
            self.give_object_id(profile, now)
        return profile

    def give_object_id(self, profile: ProfileRow, now: int) -> None:
        """Every profile has an id of CleverTap's own."""
        text = f"{self._sandbox_id}:{profile.pid}".encode()
        object_id = hashlib.blake2b(text, digest_size=16).hexdigest()
        self._remember(ProfileIdentifier("objectId", object_id), profile.pid, now)

    def _remember(self, identifier: ProfileIdentifier, pid: int, now: int) -> None:
        self._pids[identifier] = pid
        self._linked.append((*identifier, pid, now))

    def _merge(self, kept: ProfileRow, merged: ProfileRow) -> None:
        """Both become one; where both have a property, that of `kept` stays."""
        self.flush()
        for table in _MOVED:
            self._connection.execute(
                f"update {table} set pid = ? where pid = ?",  # noqa: S608 - names of ours
                (kept.pid, merged.pid),
            )
        self._connection.execute(
            "update or ignore members set pid = ? where pid = ?", (kept.pid, merged.pid)
        )
        self._connection.execute("delete from members where pid = ?", (merged.pid,))
        self._connection.execute("delete from profiles where pid = ?", (merged.pid,))
        # Never used again: CleverTap's own id is made of it.
        self._connection.execute(
            "insert into tombstones values (?, ?)", (merged.pid, kept.last_seen)
        )
        kept.props = merged.props | kept.props
        kept.first_seen = min(kept.first_seen, merged.first_seen)
        self._merged[merged.pid] = kept.pid
        self._loaded.pop(merged.pid)
        self._pids = {key: pid for key, pid in self._pids.items() if pid != merged.pid}
        self._changed.add(kept.pid)


def _row(profile: ProfileRow) -> tuple[object, ...]:
    props = profile.props
    phone, email = props.get("Phone"), props.get("Email")
    return (
        profile.pid,
        profile.first_seen,
        profile.last_seen,
        email if isinstance(email, str) else None,
        phone if isinstance(phone, int) else None,
        orjson.dumps(props).decode(),
    )
