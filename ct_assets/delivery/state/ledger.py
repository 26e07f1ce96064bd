"""The ledger notes each request that leaves, and its outcome: `sends.sqlite`, append-only."""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.state.sync_files import LEDGER
from ct_assets.errors import UserError

VERSION = 1

_TABLES = """
create table if not exists deliveries (
    id integer primary key autoincrement, run text not null, at text not null
);
create table if not exists sends (
    id integer primary key autoincrement, delivery integer not null, batch integer not null,
    first integer not null, until integer not null, outcome text not null, why text,
    at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ'))
);
create table if not exists refusals (
    send integer not null, delivery integer not null, position integer not null,
    code integer not null, message text not null
);
create index if not exists sends_of_delivery on sends (delivery);
create index if not exists refusals_of_delivery on refusals (delivery);
"""


_RECORD_NUMBER = re.compile(r"Skipped record number\s*:\s*\d+", re.IGNORECASE)
"""CleverTap's messages name a record by its number in the batch."""


class LedgerError(UserError):
    """The ledger was written by a newer version."""


class LedgerEntry(NamedTuple):
    """The outcome (sent, acked ...) of the records `first` to `until` (excluded) of a batch."""

    id: int
    batch: int
    first: int
    until: int
    outcome: str
    why: str | None


class LedgerFile:
    """The file of all deliveries; any number of threads may use it, one at a time."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        """`durable`: each entry outlives a power cut, not only the death of this process."""
        (home / LEDGER).touch(mode=0o600)
        self._connection = sqlite3.connect(
            home / LEDGER, isolation_level=None, check_same_thread=False, timeout=60
        )
        version = self._connection.execute("pragma user_version").fetchone()[0]
        if version > VERSION:
            self.close()
            raise LedgerError(
                f"{home.name}: its ledger was written by a newer ct_assets (version {version}, "
                f"this one knows {VERSION}); upgrade ct_assets, nothing was sent"
            )
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
        if version == 0:
            self._connection.executescript(_TABLES)
            self._connection.execute(f"pragma user_version = {VERSION}")

    def close(self) -> None:
        self._connection.close()

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

    def entries(self, delivery: int) -> Iterator[LedgerEntry]:
        cursor = self._connection.execute(
            "select id, batch, first, until, outcome, why from sends"
            " where delivery = ? order by id",
            (delivery,),
        )
        return map(LedgerEntry._make, cursor)

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
        self._connection.create_function("quotes", 2, _quotes, deterministic=True)
        for text in texts:
            for table, column in (("refusals", "message"), ("sends", "why")):
                self._connection.execute(
                    f"update {table} set {column} = '(erased)'"  # noqa: S608 -- constants
                    f" where instr({column}, $1) and quotes({column}, $1)",
                    (text,),
                )
        self._connection.execute("vacuum")
        self._connection.execute("pragma wal_checkpoint(truncate)")

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
        with self._transaction():
            for first, until in _runs(rows):
                send = self._connection.execute(
                    "insert into sends (delivery, batch, first, until, outcome, why)"
                    " values (?, ?, ?, ?, ?, ?)",
                    (delivery, batch, first, until, outcome, why),
                ).lastrowid
                self._connection.executemany(
                    "insert into refusals values (?, ?, ?, ?, ?)",
                    [
                        (send, delivery, r.position, r.code, r.message)
                        for r in refusals
                        if first <= r.position < until
                    ],
                )


class DeliveryLedger(NamedTuple):
    """The ledger of one delivery, as the sender uses it."""

    file: LedgerFile
    delivery: int

    def sent(self, batch: int, rows: Sequence[int]) -> None:
        self.file.record(self.delivery, batch, rows, "sent")

    def acked(self, batch: int, rows: Sequence[int], refusals: Sequence[Refusal]) -> None:
        self.file.record(self.delivery, batch, rows, "acked", refusals=refusals)

    def not_taken(self, batch: int, rows: Sequence[int]) -> None:
        self.file.record(self.delivery, batch, rows, "not_taken")

    def unknown(self, batch: int, rows: Sequence[int], why: str) -> None:
        self.file.record(self.delivery, batch, rows, "unknown", why)


def _quotes(message: str, text: str) -> bool:
    """Whether the message quotes the whole text, and not only as the number of a record."""
    whole = rf"(?<!\w){re.escape(text)}(?!\w)"
    return re.search(whole, _RECORD_NUMBER.sub("", message), re.ASCII) is not None


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Positions as runs of neighbours: (first, one after the last)."""
    if isinstance(rows, range) and rows.step == 1:
        return [(rows.start, rows.stop)]
    runs: list[tuple[int, int]] = []
    for row in sorted(rows):
        if runs and runs[-1][1] == row:
            runs[-1] = (runs[-1][0], row + 1)
        else:
            runs.append((row, row + 1))
    return runs
