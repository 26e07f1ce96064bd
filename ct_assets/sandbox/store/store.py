"""The sandbox's memory: one writer, in one transaction for each request."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ct_assets.sandbox.judge.identity import Identifier
from ct_assets.sandbox.judge.records import Accepted
from ct_assets.sandbox.settings import Settings
from ct_assets.sandbox.store.database import open_database, transaction
from ct_assets.sandbox.store.log import Log
from ct_assets.sandbox.store.people import People
from ct_assets.sandbox.store.writing import Writer


class Store:
    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.connection: sqlite3.Connection = open_database(path)
        found = self.connection.execute("select value from meta where key = 'id'").fetchone()
        self.id: str = found[0]
        self.people = People(self.connection, self.id)
        self.writer = Writer(self.connection, settings, self.people)
        self.log = Log(self.connection, settings.log_rows)

    def knows_device(self, object_id: str) -> bool:
        found = self.connection.execute(
            "select 1 from identifiers where kind = 'objectId' and value = ?", (object_id,)
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

    def add_device(self, object_id: str, identity: str | None, now: float) -> None:
        """As if an app with CleverTap's SDK had been opened."""
        identifiers = [Identifier("objectId", object_id)]
        if identity is not None:
            identifiers.append(Identifier("identity", identity))
        with self.writing(now):
            self.people.resolve(tuple(identifiers), int(now))

    def close(self) -> None:
        self.connection.close()
