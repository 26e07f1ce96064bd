"""The sandbox's memory: one writer, in one transaction for each request."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ct_assets.sandbox.judge.identity_checks import Identifier
from ct_assets.sandbox.judge.upload_checks import Accepted
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.people.contact_channels import Contacts
from ct_assets.sandbox.store.people.custom_lists import Lists
from ct_assets.sandbox.store.people.profile_removal import Erasing
from ct_assets.sandbox.store.people.profile_table import People
from ct_assets.sandbox.store.reads.export_pages import Exports
from ct_assets.sandbox.store.request_log import Log
from ct_assets.sandbox.store.sqlite_database import open_database, transaction
from ct_assets.sandbox.store.upload_writer import Writer


class Store:
    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.connection: sqlite3.Connection = open_database(path)
        found = self.connection.execute("select value from meta where key = 'id'").fetchone()
        self.id: str = found[0]
        self.people = People(self.connection, self.id)
        self.writer = Writer(self.connection, settings, self.people)
        self.contacts = Contacts(self.connection, self.people, self.writer)
        self.lists = Lists(self.connection)
        self.exports = Exports(self.connection, settings.time_zone)
        self._erasing = Erasing(self.connection, self.people)
        self._next_due = self._erasing.next_due()
        self.log = Log(self.connection, settings)

    def knows(self, identifier: Identifier) -> bool:
        found = self.connection.execute(
            "select 1 from identifiers where kind = ? and value = ?", identifier
        )
        return found.fetchone() is not None

    @contextlib.contextmanager
    def writing(self, now: float) -> Iterator[Writer]:
        """One transaction; what was stored in it is there whole or not at all."""
        try:
            with transaction(self.connection):
                self.writer.begin()
                yield self.writer
                self.writer.flush(now)
        except BaseException:
            self.writer.rolled_back()
            raise

    def store(self, request: int, accepted: Sequence[Accepted], now: float) -> None:
        with self.writing(now) as writer:
            writer.store(request, accepted, now)

    def schedule(self, action: str, whom: Sequence[Identifier], *, due: float, now: float) -> None:
        """A deletion or demerge of the profiles that bear these identifiers when it is due."""
        with self.writing(now):
            self._erasing.schedule(action, whom, due)
        self._next_due = self._erasing.next_due()
        self.settle(now)

    def settle(self, now: float) -> None:
        """Does what is due; called before each request."""
        if self._next_due is None or self._next_due > now:
            return
        with self.writing(now):
            self._erasing.settle(now)
        self._next_due = self._erasing.next_due()

    def add_device(self, object_id: str, identity: str | None, now: float) -> None:
        """As if an app with CleverTap's SDK had been opened."""
        identifiers = [Identifier("objectId", object_id)]
        if identity is not None:
            identifiers.append(Identifier("identity", identity))
        with self.writing(now):
            self.people.resolve(tuple(identifiers), int(now))

    def close(self) -> None:
        self.connection.close()
