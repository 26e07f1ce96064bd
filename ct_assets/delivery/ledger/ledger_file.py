"""The ledger notes each request that leaves, and its outcome: `sends.sqlite`, append-only."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.ledger.ledger_entries import (
    LedgerEntry,
    LedgerError,
    checksum,
    read_entries,
    runs,
)
from ct_assets.delivery.ledger.ledger_erasure import erase
from ct_assets.delivery.ledger.ledger_mark import LedgerMark
from ct_assets.delivery.ledger.ledger_reader import last_delivery, last_entry
from ct_assets.delivery.ledger.ledger_tables import SECOND, TABLES, VERSION
from ct_assets.delivery.ledger.spare_ledger import Outcome, SpareLedger, framed
from ct_assets.delivery.state.sync_files import LEDGER
from ct_assets.store.postgres.journal import Journal

AT_ONCE = 100
"""Refused records that one statement notes; older libraries take 999 values."""


class LedgerFile:
    """The file of all deliveries; any number of threads may use it, one at a time."""

    def __init__(self, home: Path, *, durable: bool, journal: Journal | None = None) -> None:
        """`durable`: each entry outlives a power cut, not only the death of this process.

        `journal` takes each entry first, for the other hosts; the file is a copy to work on then.
        """
        self._journal = journal
        if journal is not None:
            journal.commit(durably=durable)
            durable = False
        (home / LEDGER).touch(mode=0o600)
        self._connection = sqlite3.connect(
            home / LEDGER, isolation_level=None, check_same_thread=False, timeout=60
        )
        version = self._connection.execute("pragma user_version").fetchone()[0]
        if version > VERSION:
            self._connection.close()
            raise LedgerError(
                f"{home.name}: its ledger was written by a newer ct_assets (version {version}, "
                f"this one knows {VERSION}); upgrade ct_assets, nothing was sent"
            )
        self._mark = LedgerMark(home)
        self._outboxes: dict[int, int | None] = {}
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
        if version < VERSION:
            self._migrate(version)
        self._spare = SpareLedger(home)
        self._failure: Exception | None = None
        self._take_in()

    def _migrate(self, version: int) -> None:
        if version == 0:
            self._connection.executescript(TABLES)
            self._mark.put(0)
        with self._transaction():
            for statement in SECOND:
                self._connection.execute(statement)
            self._connection.execute(f"pragma user_version = {VERSION}")

    def _take_in(self) -> None:
        """Notes what a full disk kept from being noted."""
        for each in self._spare.read():
            if self.knows(each.delivery) and self._outbox(each.delivery) == each.outbox:
                self._note_outcome(each)
        self._spare.remove()

    def reserve(self, records: int) -> None:
        """Has room for outcomes on the disk, even if it fills up while requests are in flight.

        Raises:
            OSError: There is no room: nothing may leave.
        """
        if records:
            self._spare.reserve(records)

    def release(self) -> None:
        """Gives the reserved space back, once the ledger has every outcome.

        Raises:
            sqlite3.Error, OSError: It lacks some, though its disk may have recovered by now.
        """
        if self._failure is not None:
            raise self._failure
        self._spare.remove()

    def gather(self) -> None:
        """Has all entries in the one file, so that it can be copied."""
        self._connection.execute("pragma wal_checkpoint(truncate)")

    def close(self) -> None:
        self._connection.close()
        self._mark.close()
        self._spare.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, run: str, at: datetime) -> int:
        """Returns the number of a new delivery."""
        cursor = self._connection.execute(
            "insert into deliveries (run, at) values (?, ?)", (run, at.isoformat())
        )
        return int(cursor.lastrowid or 0)

    def adopt(self, state_id: str, number: int, home: str) -> None:
        """Belongs to that state from now on; the next delivery has a larger number.

        `home`: whose it is, as `<destination>/<sync>`.
        """
        with self._transaction():
            self.note("state_id", state_id)
            self.note("home", home)
            self._connection.execute("delete from meta where name = 'copied'")
            self._connection.execute(
                "insert into sqlite_sequence (name, seq) select 'deliveries', 0"
                " where not exists (select 1 from sqlite_sequence where name = 'deliveries')"
            )
            self._connection.execute(
                "update sqlite_sequence set seq = max(seq, ?) where name = 'deliveries'", (number,)
            )
        self._mark.put(last_entry(self._connection))

    def note(self, name: str, value: str) -> None:
        """Notes a fact about the ledger as a whole, such as the `keys` of its state."""
        self._connection.execute("insert or replace into meta values (?, ?)", (name, value))

    def note_outbox(self, delivery: int, checksum: int) -> None:
        """Before its first entry, each of which is bound to the outbox."""
        self._connection.execute(
            "update deliveries set outbox = ? where id = ?", (checksum, delivery)
        )
        self._outboxes[delivery] = checksum

    def _outbox(self, delivery: int) -> int | None:
        if delivery not in self._outboxes:
            query = "select outbox from deliveries where id = ?"
            found = self._connection.execute(query, (delivery,)).fetchone()
            self._outboxes[delivery] = found[0] if found else None
        return self._outboxes[delivery]

    def last(self) -> int:
        """The number of the last delivery that began."""
        return last_delivery(self._connection)

    def knows(self, delivery: int) -> bool:
        found = self._connection.execute("select 1 from deliveries where id = ?", (delivery,))
        return found.fetchone() is not None

    def entries(self, delivery: int) -> Iterator[LedgerEntry]:
        """The entries of a delivery, in the order in which they were noted.

        Raises:
            LedgerError: An entry is not as it was written.
        """
        return read_entries(self._connection, delivery)

    def times(self, delivery: int) -> list[tuple[int, int, int, str, str]]:
        """(batch, first, until, outcome, time in ISO format) of each entry of a delivery."""
        return self._connection.execute(
            "select batch, first, until, outcome, at from sends where delivery = ?", (delivery,)
        ).fetchall()

    def refusals(self, delivery: int, size: int) -> Iterator[list[tuple[int, int, int, str]]]:
        """(entry, position, code, message), `size` at a time."""
        cursor = self._connection.execute(
            "select send, position, code, message from refusals where delivery = ?", (delivery,)
        )
        while rows := cursor.fetchmany(size):
            yield rows

    def prune(self, before: datetime) -> None:
        """Deletes deliveries that began before; the latest stays at any age."""
        with self._transaction():
            self._connection.execute(
                "delete from deliveries where at < ? and id < (select max(id) from deliveries)",
                (before.isoformat(),),
            )
            for table in ("sends", "refusals"):
                self._connection.execute(
                    f"delete from {table} where delivery < (select min(id) from deliveries)"  # noqa: S608 -- a constant
                )

    def erase(self, texts: Iterable[str]) -> None:
        """Blanks messages of CleverTap that quote one of the texts, on free pages, too."""
        erase(self._connection, texts)
        self.gather()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("rollback")
            raise

    def record(
        self,
        delivery: int,
        batch: int,
        rows: Sequence[int],
        outcome: str,
        why: str | None = None,
        refusals: Sequence[Refusal] = (),
    ) -> None:
        """Notes an outcome, in reserved space if the disk is full; then nothing more may leave.

        Raises:
            sqlite3.Error, OSError: The disk is at fault, and this is no outcome, or has no place.
            StoreError: Another host has taken the sync over, or the database is out of reach.
        """
        each = Outcome(
            delivery, self._outbox(delivery), batch, runs(rows), outcome, why, [*refusals]
        )
        if self._journal is not None:
            self._journal.write(framed(each))
        if self._failure is None:
            try:
                self._note_outcome(each)
            except (sqlite3.Error, OSError) as error:
                self._failure = error  # from now on: no later entry may come before this one
            else:
                return
        if outcome == "sent" or not self._spare.is_reserved:
            raise self._failure
        self._spare.put(each)

    def together(self) -> contextlib.AbstractContextManager[None]:
        """Other hosts know the entries of a block at its end, and none of them before."""
        return contextlib.nullcontext() if self._journal is None else self._journal.together()

    def _note_outcome(self, each: Outcome) -> None:
        send = 0
        is_one_statement = len(each.runs) == 1 and not each.refusals
        with contextlib.nullcontext() if is_one_statement else self._transaction():
            for first, until in each.runs:
                send = (
                    self._connection.execute(
                        "insert into sends (delivery, batch, first, until, outcome, why, checksum)"
                        " values (?, ?, ?, ?, ?, ?, ?)",
                        (
                            *(each.delivery, each.batch, first, until, each.outcome, each.why),
                            checksum(
                                each.outbox, each.delivery, each.batch, first, until, each.outcome
                            ),
                        ),
                    ).lastrowid
                    or 0
                )
                self._note_refusals(
                    (send, each.delivery, r.position, r.code, r.message)
                    for r in each.refusals
                    if first <= r.position < until
                )
        self._mark.put(send)

    def _note_refusals(self, refusals: Iterable[tuple[int, int, int, int, str]]) -> None:
        """Many with each statement, for all records of a request may be refused."""
        left = iter(refusals)
        while some := tuple(itertools.islice(left, AT_ONCE)):
            places = ", ".join(["(?, ?, ?, ?, ?)"] * len(some))
            self._connection.execute(
                f"insert into refusals values {places}",  # noqa: S608 -- constants
                tuple(itertools.chain.from_iterable(some)),
            )
