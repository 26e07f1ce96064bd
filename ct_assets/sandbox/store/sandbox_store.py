"""Stores what the sandbox accepts: one writer, and one transaction for each request."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier
from ct_assets.sandbox.judge.upload_checks import Accepted
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.people.contact_channels import ContactChannels
from ct_assets.sandbox.store.people.custom_lists import CustomLists
from ct_assets.sandbox.store.people.profile_removal import ProfileRemoval
from ct_assets.sandbox.store.people.profile_table import ProfileTable
from ct_assets.sandbox.store.reads.export_pages import ExportPages
from ct_assets.sandbox.store.request_log import RequestLog
from ct_assets.sandbox.store.sqlite_database import open_database, transaction
from ct_assets.sandbox.store.upload_writer import UploadWriter


class Store:
    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.connection: sqlite3.Connection = open_database(path)
        row = self.connection.execute("select value from meta where key = 'id'").fetchone()
        self.id: str = row[0]
        self.people = ProfileTable(self.connection, self.id)
        self.writer = UploadWriter(self.connection, settings, self.people)
        self.contacts = ContactChannels(self.connection, self.people, self.writer)
        self.lists = CustomLists(self.connection)
        self.exports = ExportPages(self.connection, settings.time_zone)
        self._removal = ProfileRemoval(self.connection, self.people)
        self._next_due = self._removal.next_due()
        self.log = RequestLog(self.connection, settings)

    def knows(self, identifier: ProfileIdentifier) -> bool:
        rows = self.connection.execute(
            "select 1 from identifiers where kind = ? and value = ?", identifier
        )
        return rows.fetchone() is not None

    @contextlib.contextmanager
    def writing(self, now: float) -> Iterator[UploadWriter]:
        """One transaction: all that the block stores is kept, or none of it."""
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

    def schedule(
        self, action: str, identifiers: Sequence[ProfileIdentifier], *, due: float, now: float
    ) -> None:
        """A deletion or demerge of the profiles that bear these identifiers when it is due."""
        with self.writing(now):
            self._removal.schedule(action, identifiers, due)
        self._next_due = self._removal.next_due()
        self.settle(now)

    def settle(self, now: float) -> None:
        """Carries out the deletions and demerges that are due; called before each request."""
        if self._next_due is None or self._next_due > now:
            return
        with self.writing(now):
            self._removal.settle(now)
        self._next_due = self._removal.next_due()

    def add_device(self, object_id: str, identity: str | None, now: float) -> None:
        """Makes a device known, as the opening of an app with CleverTap's SDK would."""
        identifiers = [ProfileIdentifier("objectId", object_id)]
        if identity is not None:
            identifiers.append(ProfileIdentifier("identity", identity))
        with self.writing(now):
            self.people.resolve(tuple(identifiers), int(now))

    def close(self) -> None:
        self.connection.close()
