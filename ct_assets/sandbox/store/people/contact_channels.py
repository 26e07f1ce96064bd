"""Subscribes and unsubscribes phone numbers and addresses, for every profile that shares them."""

import sqlite3

from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier
from ct_assets.sandbox.store.people.profile_table import ProfileTable
from ct_assets.sandbox.store.upload_writer import UploadWriter

# The channel's flag on each profile that shares the value.
_FLAGS = {"phone": "MSG-dndPhone", "email": "MSG-dndEmail", "whatsapp": "MSG-dndWhatsApp"}


class ContactChannels:
    """To be used within a transaction."""

    def __init__(
        self, connection: sqlite3.Connection, people: ProfileTable, writer: UploadWriter
    ) -> None:
        self._connection, self._people, self._writer = connection, people, writer

    def subscribe(self, request: int, kind: str, value: str, now: float, *, wanted: bool) -> None:
        """Every profile that shares the value is affected, and gets an event that says so."""
        if wanted:
            query = "delete from unsubscribed where kind = ? and value = ? and ? > 0"
        else:
            query = "insert or replace into unsubscribed values (?, ?, ?)"
        self._connection.execute(query, (kind, value, int(now)))
        name = "Channel Subscribed" if wanted else "Channel Unsubscribed"
        for pid in self._sharing(kind, value):
            self._people.change(pid, {_FLAGS[kind]: not wanted})
            self._writer.raise_event(request, pid, name, {"Channel": kind}, now)

    def disassociate(self, phone: str) -> None:
        """Takes a phone number from the profile whose identity it is, if there is one."""
        pid = self._people.find(ProfileIdentifier("identity", phone))
        if pid is None:
            return
        self._people.forget(ProfileIdentifier("identity", phone))
        if self._people.load(pid).props.get("Phone") == int(phone):
            self._people.change(pid, {"Phone": None})

    def _sharing(self, kind: str, value: str) -> list[int]:
        self._people.flush()
        if kind == "email":
            rows = self._connection.execute("select pid from profiles where email = ?", (value,))
        else:
            rows = self._connection.execute(
                "select pid from profiles where phone = ?", (int(value),)
            )
        return [row[0] for row in rows]
