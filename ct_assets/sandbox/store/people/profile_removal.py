"""Deletes or demerges profiles at the time it is due."""

import sqlite3
from collections.abc import Sequence

from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier
from ct_assets.sandbox.store.people.profile_table import ProfileTable

_OWNED = ("events", "identifiers", "devices", "members", "profiles")


class ProfileRemoval:
    """Deletions and demerges wait in a table until they are due; used within a transaction."""

    def __init__(self, connection: sqlite3.Connection, people: ProfileTable) -> None:
        self._connection, self._people = connection, people

    def next_due(self) -> float | None:
        due: float | None = self._connection.execute("select min(due) from pending").fetchone()[0]
        return due

    def schedule(self, action: str, identifiers: Sequence[ProfileIdentifier], due: float) -> None:
        self._connection.executemany(
            "insert into pending (due, action, kind, value) values (?, ?, ?, ?)",
            [(due, action, *identifier) for identifier in identifiers],
        )

    def settle(self, now: float) -> None:
        rows = self._connection.execute(
            "select action, kind, value from pending where due <= ? order by seq", (now,)
        ).fetchall()
        for action, kind, value in rows:
            pid = self._people.find(ProfileIdentifier(kind, value))
            if pid is not None:
                (self._delete if action == "delete" else self._demerge)(pid, int(now))
            self._people.begin()
        self._connection.execute("delete from pending where due <= ?", (now,))

    def _delete(self, pid: int, now: int) -> None:
        """A tombstone keeps the profile's number from being used again."""
        for table in _OWNED:
            self._connection.execute(
                f"delete from {table} where pid = ?",  # noqa: S608 - names of ours
                (pid,),
            )
        self._connection.execute("insert into tombstones values (?, ?)", (pid, now))

    def _demerge(self, pid: int, now: int) -> None:
        """The earliest device keeps properties and events; the others start without."""
        self._connection.execute(
            "delete from identifiers where pid = ? and kind <> 'objectId'", (pid,)
        )
        devices = self._connection.execute(
            "select value from identifiers where pid = ? order by at, value", (pid,)
        ).fetchall()
        for (object_id,) in devices[1:]:
            demerged = self._people.create(now)
            self._people.flush()
            for table, column in (("identifiers", "value"), ("devices", "object_id")):
                self._connection.execute(
                    f"update {table} set pid = ? where pid = ? and {column} = ?",  # noqa: S608
                    (demerged.pid, pid, object_id),
                )
