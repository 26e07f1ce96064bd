"""Witnesses: each file of a sync bears the state's id and the number of a delivery.

They are read before anything is opened for writing, so that reading makes no file and changes none.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from ct_assets import sql
from ct_assets.delivery.ledger import ledger_mark
from ct_assets.delivery.ledger.ledger_entries import LedgerError, read_entries
from ct_assets.delivery.ledger.ledger_reader import last_delivery, last_entry, readable_ledger
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, STATE
from ct_assets.errors import disk_trouble, lock_holder
from ct_assets.files import checksum

REPORTS = "the reports"
UNKNOWN_UNTIL = "unknown_until"
"""The name, in the state's meta, of the last delivery of which the state knows nothing."""
MEANT_SINCE = "meant_since"
"""The name, in the state's meta, of the last delivery whose keys meant other rows than later ones.

A person has said so: see `changed_meaning`.
"""
RESTORED = "restored"
"""The name, in the state's meta, of a witness: what a restore replaced knew of later deliveries."""
OTHER = "other:"
"""Before a sync's name, in the state's meta, of the answer whether it is this one's old name."""
FORMER = "former:"
"""Before the id, in the state's meta, of another state that a person has given up."""


@dataclass(frozen=True)
class Witness:
    """Something beside the state that knows of its deliveries."""

    place: str
    """The bearer in words: `sends.sqlite`, `the reports`, `Dagster's event log` ..."""
    state_id: str | None
    """None where a version before ids wrote it."""
    delivery: int
    """The last one that it knows of; 0 if it only knows that there were some."""
    keys: int = 0
    """Rows that CleverTap had acknowledged; 0 if it does not know."""
    at: datetime | None = field(default=None, compare=False)
    """When that delivery began, or ended."""


@dataclass(frozen=True)
class StateReading:
    """`state.duckdb`; `begun` and `folded` are None until a delivery of this version began."""

    state_id: str | None
    begun: int | None
    folded: int | None
    newest: int
    """The last delivery of which it holds a row."""
    keys: int
    rows: int
    """Acknowledged and held."""
    home: str | None
    """Whose it is, as `<destination>/<sync>`."""
    former: Mapping[str, int]
    """The last delivery of each state that was given up for this one, by id; "" is of no id."""
    unknown_until: int = 0
    """The last delivery of which it knows nothing: it was begun anew after that one."""
    meant_since: int = 0
    """The last delivery whose keys meant other rows."""
    restored: Witness | None = None
    """The witness of later deliveries, as known when this one was put back from a backup."""


@dataclass(frozen=True)
class LedgerReading:
    state_id: str | None
    last: int
    sent: int
    """The last delivery of which a request left."""
    keys: int
    checksums: Mapping[int, int]
    """Of outboxes, by delivery."""
    at: datetime | None = None
    """When the last delivery began."""
    home: str | None = None
    """Whose it is, as `<destination>/<sync>`."""
    copied: int | None = None
    """The delivery that was under way when this copy of the ledger was made."""
    previous: str | None = None
    """Of which delivery `previous.parquet` is, and which file: see `SyncState.keep_previous`."""
    has_lost_entries: bool = False
    """Whether its mark tells of later ones: its write-ahead log is gone, or damaged."""


@dataclass(frozen=True)
class Evidence:
    """All that the files of a sync say; what is missing is None."""

    state: StateReading | None = None
    ledger: LedgerReading | None = None
    outbox: Witness | None = None
    report: Witness | None = None
    """The latest."""
    damaged: frozenset[str] = field(default_factory=frozenset)
    """Files that are there and cannot be read."""

    @property
    def ledger_last(self) -> int:
        return self.ledger.last if self.ledger else 0


def read(home: Path, *, thorough: bool = True) -> Evidence:
    """Reads the files at `home`, for whoever holds its lock; whole if it is `thorough`.

    Raises:
        StorageError: Another process has the state open, or the disk is at fault.
    """
    damaged: set[str] = set()
    state = ledger = box = report = None
    with noting(STATE, damaged):
        state = read_state(home, thorough=thorough)
    with noting(LEDGER, damaged):
        ledger = read_ledger(home)
    with noting(OUTBOX, damaged):
        box = _outbox(home, ledger)
    with noting(REPORTS, damaged):
        report = _report(home)
    return Evidence(state, ledger, box, report, frozenset(damaged))


class _DamagedError(Exception):
    pass


@contextlib.contextmanager
def noting(name: str, damaged: set[str]) -> Iterator[None]:
    """Adds the name to `damaged` if the file cannot be read for a fault of its own."""
    try:
        yield
    except (duckdb.Error, sqlite3.Error, pl.exceptions.PolarsError, KeyError, ValueError) as error:
        text = str(error).lower()
        memory = isinstance(error, duckdb.OutOfMemoryException)
        if disk_trouble(error) or memory or lock_holder(error) or "permission denied" in text:
            raise
        damaged.add(name)
    except (_DamagedError, LedgerError):
        damaged.add(name)


def read_state(home: Path, *, thorough: bool = True) -> StateReading | None:
    """`thorough`: reads every block, whose checksum DuckDB verifies."""
    if not (home / STATE).exists():
        return None
    with sql.opened(home / STATE, read_only=True) as connection:
        meta: dict[str, str] = dict(connection.execute("from meta").fetchall())
        if thorough:
            for table in ("synced", "held"):
                connection.execute(f"select bit_xor(hash({table})) from {table}").fetchall()  # noqa: S608 -- constants
        newest, keys, rows = connection.execute(_FIGURES).fetchone() or ()
    former = {k.removeprefix(FORMER): int(v) for k, v in meta.items() if k.startswith(FORMER)}
    begun, folded, restored = meta.get("begun"), meta.get("folded"), meta.get(RESTORED)
    return StateReading(
        state_id=meta.get("id"),
        begun=int(begun) if begun is not None else None,
        folded=int(folded) if folded is not None else None,
        newest=int(newest or 0),
        keys=int(keys or 0),
        rows=int(rows or 0),
        home=meta.get("home"),
        former=former,
        unknown_until=int(meta.get(UNKNOWN_UNTIL, 0)),
        meant_since=int(meta.get(MEANT_SINCE, 0)),
        restored=_restored(json.loads(restored)) if restored else None,
    )


_FIGURES = """
select max(delivery), sum(acked), sum(n) from (
    select max(delivery) as delivery, count(delivery) as acked, count(*) as n from synced
    union all
    select max(delivery), 0, count(*) from held
)
"""


def _restored(told: dict[str, Any]) -> Witness:
    at = told["at"] and datetime.fromisoformat(told["at"])
    return Witness(str(told["place"]), told["state_id"], told["delivery"], told["keys"], at)


def told_of(known: Witness) -> str:
    """A witness as the text that the state's meta has of it, under `RESTORED`."""
    return json.dumps({**asdict(known), "at": known.at and known.at.isoformat()})


def read_ledger(home: Path) -> LedgerReading | None:
    if not (home / LEDGER).exists():
        return None
    with readable_ledger(home) as connection:
        (integrity,) = connection.execute("pragma quick_check(1)").fetchone()
        if integrity != "ok":
            raise _DamagedError
        (version,) = connection.execute("pragma user_version").fetchone()
        if version == 0:  # a first run was killed while it made the file
            return LedgerReading(None, 0, 0, 0, {})
        meta, checksums, last = {}, {}, last_delivery(connection)
        if version > 1:
            meta = dict(connection.execute("select name, value from meta").fetchall())
            query = "select id, outbox from deliveries where outbox is not null"
            checksums = dict(connection.execute(query).fetchall())
            if (home / OUTBOX).exists():
                for delivery in (last, last - 1):
                    for _ in read_entries(connection, delivery):
                        pass
        (sent,) = connection.execute("select coalesce(max(delivery), 0) from sends").fetchone()
        entry, at = last_entry(connection), _began(connection)
    return LedgerReading(
        meta.get("state_id"),
        last,
        sent,
        int(meta.get("keys", 0)),
        checksums,
        at,
        meta.get("home"),
        int(meta["copied"]) if "copied" in meta else None,
        meta.get("previous"),
        has_lost_entries=_lacks(home, entry, is_known=last in checksums),
    )


def _began(connection: sqlite3.Connection) -> datetime | None:
    found = connection.execute("select at from deliveries order by id desc limit 1").fetchone()
    return datetime.fromisoformat(found[0]) if found else None


def _lacks(home: Path, entry: int, *, is_known: bool) -> bool:
    """Whether entries after the last one of the ledger were committed."""
    mark = ledger_mark.read(home)
    if mark is None:  # version 0.1 had none; it counts where a delivery is open
        return is_known and (home / OUTBOX).exists()
    return mark > entry


def _outbox(home: Path, ledger: LedgerReading | None) -> Witness | None:
    path = home / OUTBOX
    if not path.exists():
        return None
    told = pl.read_parquet_metadata(path)
    delivery = int(told["delivery"])
    known = ledger.checksums.get(delivery) if ledger else None
    if known is not None and known != checksum(path):
        raise _DamagedError
    return Witness(OUTBOX, told.get("state_id"), delivery)


def _report(home: Path) -> Witness | None:
    numbers = [path.stem for path in home.glob("reports/*.parquet") if path.stem.isdigit()]
    if not numbers:
        return None
    latest = max(numbers)
    path = home / "reports" / f"{latest}.parquet"
    told = pl.read_parquet_metadata(path)
    at = datetime.fromisoformat(told["at"]) if told.get("at") else None
    return Witness(REPORTS, told.get("state_id"), int(latest), at=at)
