"""The ledger notes each request that leaves, and its outcome: `sends.sqlite`, append-only."""

import contextlib
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import quote

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.state.sync_files import LEDGER
from ct_assets.errors import UserError
from ct_assets.files import scratch_dir

VERSION = 2

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
_SECOND = (
    "create table meta (name text primary key, value text not null)",
    "alter table deliveries add column outbox integer",
    "alter table sends add column checksum integer",
)
"""Since version 2: the state's id, a checksum of each outbox, and one of each entry."""

OUTCOMES = ("sent", "acked", "not_taken", "unknown")


_RECORD_NUMBER = re.compile(r"Skipped record number\s*:\s*\d+", re.IGNORECASE)
"""CleverTap's messages name a record by its number in the batch."""


class LedgerError(UserError):
    """The ledger was written by a newer version, or is damaged."""


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
        if version < VERSION:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        if version == 0:
            self._connection.executescript(_TABLES)
        with self._transaction():
            for statement in _SECOND:
                self._connection.execute(statement)
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

    def adopt(self, state_id: str, number: int) -> None:
        """Belongs to that state from now on; the next delivery has a larger number."""
        with self._transaction():
            self.note("state_id", state_id)
            self._connection.execute(
                "insert into sqlite_sequence (name, seq) select 'deliveries', 0"
                " where not exists (select 1 from sqlite_sequence where name = 'deliveries')"
            )
            self._connection.execute(
                "update sqlite_sequence set seq = max(seq, ?) where name = 'deliveries'", (number,)
            )

    def note(self, name: str, value: str) -> None:
        """Notes a fact about the ledger as a whole: `state_id`, or `keys` of that state."""
        self._connection.execute("insert or replace into meta values (?, ?)", (name, value))

    def note_outbox(self, delivery: int, checksum: int) -> None:
        self._connection.execute(
            "update deliveries set outbox = ? where id = ?", (checksum, delivery)
        )

    def last(self) -> int:
        """The number of the last delivery that began."""
        return last_delivery(self._connection)

    def knows(self, delivery: int) -> bool:
        found = self._connection.execute("select 1 from deliveries where id = ?", (delivery,))
        return found.fetchone() is not None

    def entries(self, delivery: int) -> Iterator[LedgerEntry]:
        """What was noted of a delivery, in the order in which it was.

        Raises:
            LedgerError: An entry is not as it was written.
        """
        return read_entries(self._connection, delivery)

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
                    "insert into sends (delivery, batch, first, until, outcome, why, checksum)"
                    " values (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(delivery, batch, first, until, outcome, why),
                        _checksum(delivery, batch, first, until, outcome),
                    ),
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


def last_delivery(connection: sqlite3.Connection) -> int:
    """The number of the last delivery that began, even if it is pruned by now."""
    query = "select seq from sqlite_sequence where name = 'deliveries'"
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


@contextlib.contextmanager
def readable_ledger(home: Path) -> Iterator[sqlite3.Connection]:
    """Read as it is; SQLite would write beside it what a run has not folded into it yet."""
    wal = home / f"{LEDGER}-wal"
    with contextlib.ExitStack() as stack:
        path = home / LEDGER
        if wal.exists() and wal.stat().st_size:
            folder = stack.enter_context(scratch_dir())
            shutil.copyfile(wal, folder / wal.name)
            path = Path(shutil.copyfile(path, folder / path.name))
            mode = "rw"
        else:
            mode = "ro&immutable=1"
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True)
        yield stack.enter_context(contextlib.closing(connection))


def read_entries(connection: sqlite3.Connection, delivery: int) -> Iterator[LedgerEntry]:
    """As `LedgerFile.entries`, of a ledger of this version."""
    cursor = connection.execute(
        "select id, batch, first, until, outcome, why, checksum from sends"
        " where delivery = ? order by id",
        (delivery,),
    )
    for *values, checksum in cursor:
        entry = LedgerEntry._make(values)
        if not _is_whole(delivery, entry, checksum):
            raise LedgerError(
                f"entry {entry.id} of the ledger, {LEDGER}, is not as it was written: the file is "
                f"damaged. Nothing was sent. Bring it back from a backup"
            )
        yield entry


def _checksum(delivery: int, batch: int, first: int, until: int, outcome: str) -> int:
    return zlib.crc32(f"{delivery} {batch} {first} {until} {outcome}".encode())


def _is_whole(delivery: int, entry: LedgerEntry, checksum: int | None) -> bool:
    """Entries of version 1 have no checksum."""
    if checksum is None:
        return entry.outcome in OUTCOMES
    return checksum == _checksum(delivery, entry.batch, entry.first, entry.until, entry.outcome)


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
