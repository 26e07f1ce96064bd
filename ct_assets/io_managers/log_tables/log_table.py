"""LogTable takes the files of a sync's log into a table of a database; each delivery once.

What says that a delivery is there is the number of its rows: one that a killed run has left in
part, or from which somebody was erased, is replaced.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from ct_assets.sql import literal

COLUMNS: Mapping[str, str] = {
    "sync": "varchar",
    "destination": "varchar",
    "state": "varchar",
    "delivery": "bigint",
    "run": "varchar",
    "began_at": "timestamptz",
    "partition": "varchar",
    "key": "varchar",
    "kind": "varchar",
    "identity": "varchar",
    "change": "varchar",
    "action": "varchar",
    "fields": "varchar",
    "outcome": "varchar",
    "code": "varchar",
    "reason": "varchar",
    "attempts": "integer",
    "batch": "integer",
    "sent_at": "timestamptz",
    "answered_at": "timestamptz",
    "record": "varchar",
    "message": "varchar",
}
"""Of version 1 of the log: names, and types of SQL."""


@dataclass(frozen=True)
class Delivered:
    """A delivery, as the log names it in each of its rows."""

    sync: str
    destination: str
    state: str
    delivery: int

    @property
    def condition(self) -> str:
        """SQL that selects its rows."""
        own = f"state = {literal(self.state)} and delivery = {self.delivery}"
        return f"{of_sync(self.sync, self.destination)} and {own}"


def of_sync(sync: str, destination: str) -> str:
    """SQL that selects the rows of a sync at a destination."""
    return f"sync = {literal(sync)} and destination = {literal(destination)}"


class LogTable(ABC):
    """A table that is open; it is made if it is not there."""

    @abstractmethod
    def counts(self, sync: str, destination: str) -> Mapping[Delivered, int]:
        """Rows by delivery."""

    @abstractmethod
    def replace(self, delivered: Delivered, file: Path) -> None:
        """Puts the rows of the file in the place of all rows of the delivery, at once."""

    @abstractmethod
    def delete(self, condition: str) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def take_in(
    table: LogTable,
    files: Sequence[Path],
    sync: str,
    destination: str,
    *,
    before: datetime | None = None,
    erased: Collection[str] = (),
    tell: Callable[[str], object] = lambda _: None,
) -> int:
    """Takes in what the table lacks of the files, and gives the number of deliveries that it was.

    Deliveries that began `before` go, as do all rows that name one of the identities `erased`.
    """
    if erased:
        names = ", ".join(map(literal, sorted(erased)))
        table.delete(f"{of_sync(sync, destination)} and identity in ({names})")
    if before is not None:
        old = f"began_at < timestamp '{before:%Y-%m-%d %H:%M:%S}'"
        table.delete(f"{of_sync(sync, destination)} and {old}")
    known, taken = table.counts(sync, destination), 0
    for file in files:
        delivered, rows, began = _described(file)
        if delivered is None or known.get(delivered) == rows:
            continue
        if before is not None and began is not None and began < before:
            continue
        table.replace(delivered, file)
        counted = f"{rows:,} row{'' if rows == 1 else 's'}"
        tell(f"{sync}: the log of delivery {delivered.delivery} is in its table: {counted}")
        taken += 1
    return taken


def _described(file: Path) -> tuple[Delivered | None, int, datetime | None]:
    names = ("sync", "destination", "state", "delivery", "began_at")
    frame = pl.scan_parquet(file, glob=False)
    first = frame.select(names).head(1).collect().rows()
    if not first:
        return None, 0, None
    *named, began = first[0]
    return Delivered(*named), int(frame.select(pl.len()).collect().item()), began
