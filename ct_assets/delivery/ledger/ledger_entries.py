"""Ledger entries say what came of the records of a batch, each with a checksum of itself."""

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ct_assets.delivery.state.sync_files import LEDGER
from ct_assets.errors import UserError

OUTCOMES = ("sent", "acked", "not_taken", "unknown")


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


def read_entries(connection: sqlite3.Connection, delivery: int) -> Iterator[LedgerEntry]:
    """The entries of a delivery, in their order; of a ledger of this version.

    Raises:
        LedgerError: An entry is not as it was written.
    """
    cursor = connection.execute(
        "select s.id, batch, first, until, outcome, why, checksum, d.outbox from sends as s"
        " left join deliveries as d on d.id = s.delivery where s.delivery = ? order by s.id",
        (delivery,),
    )
    for *values, known, outbox in cursor:
        entry = LedgerEntry._make(values)
        if not _is_whole(outbox, delivery, entry, known):
            raise LedgerError(
                f"entry {entry.id} of the ledger, {LEDGER}, is not as it was written: the file is "
                f"damaged. Nothing was sent. Bring it back from a backup"
            )
        yield entry


def checksum(
    outbox: int | None, delivery: int, batch: int, first: int, until: int, outcome: str
) -> int:
    """With that of the outbox, so that no entry of another ledger passes for one of this."""
    return zlib.crc32(f"{outbox} {delivery} {batch} {first} {until} {outcome}".encode())


def _is_whole(outbox: int | None, delivery: int, entry: LedgerEntry, known: int | None) -> bool:
    """Entries of version 1 have no checksum."""
    if known is None:
        return entry.outcome in OUTCOMES
    _, batch, first, until, outcome, _ = entry
    return known == checksum(outbox, delivery, batch, first, until, outcome)


def runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Positions as runs of neighbours: (first, one after the last)."""
    if isinstance(rows, range) and rows.step == 1:
        return [(rows.start, rows.stop)]
    found: list[tuple[int, int]] = []
    for row in sorted(rows):
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found
