"""Remains are what is left of the state of a sync, and from which it can be rebuilt."""

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ct_assets.delivery.guards.state_comparison import label
from ct_assets.delivery.ledger.ledger_entries import read_entries
from ct_assets.delivery.ledger.ledger_reader import readable_ledger
from ct_assets.delivery.state import witness
from ct_assets.delivery.state.sync_files import BESIDE, LEDGER, OUTBOX, STATE, ends_aside
from ct_assets.delivery.state.witness import MEANT_SINCE, LedgerReading, StateReading, noting
from ct_assets.files import checksum


@dataclass(frozen=True)
class OldState:
    name: str
    folder: Path
    """Where a copy of it lies, which may be written to."""
    reading: StateReading | None
    """None if it is damaged: some of its rows may still be readable."""

    @property
    def folded(self) -> int:
        """The last delivery whose outcomes it has."""
        if self.reading is None:
            return 0
        return self.reading.newest if self.reading.folded is None else self.reading.folded

    @property
    def meant_since(self) -> int:
        return self.reading.meant_since if self.reading else 0

    def is_before(self, meant_since: int) -> bool:
        """Whether its keys meant other rows than those of later deliveries do."""
        return self.reading is not None and self.meant_since < meant_since

    def knows(self, delivery: int) -> bool:
        """Whether it has, for sure, the outcomes of the delivery."""
        since = self.reading.unknown_until if self.reading else self.folded
        return since < delivery <= self.folded


@dataclass(frozen=True)
class OldLedger:
    name: str
    folder: Path
    reading: LedgerReading


@dataclass(frozen=True)
class OldReport:
    path: Path
    delivery: int
    facts: Mapping[str, str]

    @property
    def meant_since(self) -> int:
        return int(json.loads(self.facts.get("meta") or "{}").get(MEANT_SINCE, 0))


@dataclass(frozen=True)
class OldOutbox:
    path: Path
    delivery: int
    state_id: str | None
    meant_since: int
    ledger: OldLedger | None
    """The one that tells what came of it; None if there is none."""

    @property
    def is_cut(self) -> bool:
        """Whether the ledger was copied while the delivery was under way."""
        return self.ledger is not None and self.ledger.reading.copied == self.delivery


@dataclass(frozen=True)
class Remains:
    home: Path
    state: OldState | None
    """The one that knows most."""
    ledger: OldLedger | None
    """The one to go on with."""
    reports: tuple[OldReport, ...]
    """By delivery."""
    outboxes: tuple[OldOutbox, ...]
    """Of deliveries that have no report, by delivery."""
    ids: frozenset[str | None]
    """Of the state and of those that were given up for it."""
    newest_id: str | None
    """Of the state that delivered last."""
    last: int
    """The last delivery of which any of this knows."""
    meant_since: int = 0
    """The last delivery whose keys meant other rows; of no earlier one is anything taken."""
    ignored: tuple[str, ...] = ()
    """Files of another sync or account, and those that are damaged."""

    def knows(self, delivery: int) -> bool:
        """Whether the state has the outcomes of that delivery."""
        return self.state is not None and self.state.knows(delivery)


def find(home: Path, work: Path, staged: Sequence[Path] = ()) -> Remains:
    """Looks at `home` and at staged copies of reports; copies what has to be opened to `work`."""
    ignored: list[str] = []
    states = list(_states(home, work, ignored))
    ledgers = list(_ledgers(home, work, ignored))
    reports = {each.delivery: each for each in _reports(home, staged, ignored)}
    ids = {each.reading.state_id for each in states if each.reading}
    ids |= {each.facts.get("state_id") for each in reports.values()}
    ours = _of_states(ledgers, ids, ignored)
    ids |= {each.reading.state_id for each in ours}
    folded = max((each.folded for each in states), default=0)
    found = list(_outboxes(home, ours, ids, ignored))
    boxes = [box for box in found if box.delivery > folded and box.delivery not in reports]
    last, newest_id = _newest(states, ours, reports.values(), boxes)
    bearers: list[OldState | OldReport | OldOutbox] = [*states, *reports.values(), *found]
    since = max((each.meant_since for each in bearers), default=0)
    if any(delivery <= since for delivery in reports):
        ignored.append(f"reports up to delivery {since} (their keys meant others)")
    ignored += [f"{each.name} (its keys meant others)" for each in states if each.is_before(since)]
    states = [each for each in states if not each.is_before(since)]
    return Remains(
        home=home,
        ids=frozenset(ids),
        newest_id=newest_id,
        last=last,
        state=max(states, key=lambda each: (each.reading is not None, each.folded), default=None),
        ledger=max(ours, key=lambda each: each.reading.last, default=None),
        reports=tuple(reports[delivery] for delivery in sorted(reports) if delivery > since),
        outboxes=tuple({box.delivery: box for box in reversed(boxes)}.values()),
        meant_since=since,
        ignored=tuple(ignored),
    )


def _of_states(
    ledgers: Sequence[OldLedger], ids: Collection[str | None], ignored: list[str]
) -> list[OldLedger]:
    """Those that lie in their place, or whose state is one of these or not known."""
    ours = [each for each in ledgers if each.reading.home or each.reading.state_id in {None, *ids}]
    ignored += [f"{each.name} (of another state)" for each in ledgers if each not in ours]
    return ours


def _newest(
    states: Iterable[OldState],
    ledgers: Iterable[OldLedger],
    reports: Iterable[OldReport],
    boxes: Iterable[OldOutbox],
) -> tuple[int, str | None]:
    """The last delivery that any of them knows of, and the state's id in what does."""
    known = [
        *((each.reading.begun or 0, each.reading.state_id) for each in states if each.reading),
        *((each.reading.last, each.reading.state_id) for each in ledgers),
        *((each.delivery, each.facts.get("state_id")) for each in reports),
        *((each.delivery, each.state_id) for each in boxes),
    ]
    return max(known, key=lambda each: each[0], default=(0, None))


def _copies(home: Path, work: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Each file of that name, also one set aside, copied to a folder under its own name."""
    for aside in ("", *ends_aside(home, name)):
        if not (home / f"{name}{aside}").is_file():
            continue
        folder = work / "remains" / f"{name}{aside}"
        folder.mkdir(parents=True, mode=0o700)
        for part in (name, *BESIDE[name]):
            if (home / f"{part}{aside}").is_file():
                shutil.copyfile(home / f"{part}{aside}", folder / part)
        yield f"{name}{aside}", folder


def _states(home: Path, work: Path, ignored: list[str]) -> Iterator[OldState]:
    for name, folder in _copies(home, work, STATE):
        damaged: set[str] = set()
        reading = None
        with noting(name, damaged):
            reading = witness.read_state(folder)
        if reading and reading.home not in (None, label(home)):
            ignored.append(f"{name} (that of {reading.home})")
        elif reading or damaged:
            yield OldState(name, folder, reading)


def _ledgers(home: Path, work: Path, ignored: list[str]) -> Iterator[OldLedger]:
    for name, folder in _copies(home, work, LEDGER):
        damaged: set[str] = set()
        reading = None
        with noting(name, damaged):
            reading = witness.read_ledger(folder)
        if damaged:
            ignored.append(f"{name} (damaged)")
        elif reading and reading.home not in (None, label(home)):
            ignored.append(f"{name} (that of {reading.home})")
        elif reading and reading.last:
            yield OldLedger(name, folder, reading)


def _reports(home: Path, staged: Sequence[Path], ignored: list[str]) -> Iterator[OldReport]:
    for path in (*staged, *sorted(home.glob("reports/*.parquet"))):
        damaged: set[str] = set()
        with noting(path.name, damaged):
            facts = pl.read_parquet_metadata(path)
            told = facts.get("delivery") or (path.stem if path.stem.isdigit() else "")
            pl.scan_parquet(path, glob=False).select(pl.all().hash().sum()).collect()
            of = facts.get("home")
            if of not in (None, label(home)) or (path in staged and of is None):
                if path not in staged:  # those of other destinations are staged, too
                    ignored.append(f"{path.name} (that of {of})")
            elif told:
                yield OldReport(path, int(told), facts)
        if damaged and path not in staged:
            ignored.append(f"reports/{path.name} (damaged)")


def _outboxes(
    home: Path, ledgers: Iterable[OldLedger], ids: set[str | None], ignored: list[str]
) -> Iterator[OldOutbox]:
    for aside in ("", *ends_aside(home, OUTBOX)):
        path, damaged = home / f"{OUTBOX}{aside}", set[str]()
        if not path.is_file():
            continue
        with noting(path.name, damaged):
            facts = pl.read_parquet_metadata(path)
            pl.scan_parquet(path, glob=False).select(pl.all().hash().sum()).collect()
            of = facts.get("home")
            if of not in (None, label(home)) or (of is None and facts.get("state_id") not in ids):
                ignored.append(f"{path.name} (that of {of or 'another state'})")
                continue
            delivery, state_id = int(facts["delivery"]), facts.get("state_id")
            since = int(facts.get(MEANT_SINCE) or 0)
            yield OldOutbox(path, delivery, state_id, since, _teller(ledgers, delivery, path))
        if damaged:
            ignored.append(f"{path.name} (damaged)")


def _teller(ledgers: Iterable[OldLedger], delivery: int, outbox: Path) -> OldLedger | None:
    """The ledger that knows all that was noted of an outbox."""
    tellers = []
    for each in ledgers:
        known = each.reading.checksums.get(delivery)
        told = each.reading.last >= delivery and not each.reading.has_lost_entries
        if told and known in (None, checksum(outbox)) and _has_all(each, delivery):
            tellers.append(each)

    def rank(each: OldLedger) -> tuple[bool, bool]:
        return delivery in each.reading.checksums, each.reading.copied != delivery

    return max(tellers, key=rank, default=None)


def _has_all(ledger: OldLedger, delivery: int) -> bool:
    """Whether it saw the delivery begin, and each entry of it is as it was written."""
    damaged: set[str] = set()
    with noting(ledger.name, damaged), readable_ledger(ledger.folder) as connection:
        began = connection.execute("select 1 from deliveries where id = ?", (delivery,)).fetchone()
        (version,) = connection.execute("pragma user_version").fetchone()
        if began is None or version == 1:  # whose entries have no checksums
            return began is not None
        for _ in read_entries(connection, delivery):
            pass
    return not damaged
