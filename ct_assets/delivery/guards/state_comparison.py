"""StateComparison says how a state stands to all that knows of its deliveries.

A delivery writes in this order: its number into the state (`begun`) and into the ledger, the
outbox, the note beside the account's slots, the answers into the ledger, the report, the state
(`folded`). Then the outbox goes, and Dagster learns of the delivery. A kill leaves any of them one
step behind the others, which is no loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.state import witness
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, STATE
from ct_assets.delivery.state.witness import REPORTS, Evidence, StateReading, Witness


@dataclass(frozen=True)
class Comparison:
    """How the state stands to its witnesses."""

    losses: tuple[str, ...] = ()
    """For which a sync of events stops, each in words."""
    notes: tuple[str, ...] = ()
    """Worth knowing, and no reason to stop."""
    unusable: frozenset[str] = frozenset()
    """Files that a delivery would have to go on without."""
    keys: int | None = None
    """Acknowledged rows that the state has lost, at least; None if nobody knows."""
    last: int = 0
    """The last delivery that anything knows of."""
    at: datetime | None = None
    """When that was, or a little later."""
    is_state_lost: bool = False
    """Whether a delivery would begin with an empty state."""
    is_behind: bool = False
    """Whether more was sent than the state knows of, which is there."""
    strangers: Mapping[str, int] = field(default_factory=dict)
    """The last delivery of each other state that a witness names, by id; "" is of no id."""


NOTHING = Comparison()


def compare(home: Path, witnesses: Sequence[Witness] = (), *, thorough: bool = True) -> Comparison:
    """Compares the files at `home`, for whoever holds its lock; changes nothing.

    `witnesses` are what the caller knows beside them; if it is `thorough`, every block is read.

    Raises:
        StorageError: The state is open in another process, or the disk is at fault.
    """
    evidence = witness.read(home, thorough=thorough)
    noted = account_witness.read(home)
    unusable, state = set(evidence.damaged - {REPORTS}), evidence.state
    restored = state.restored if state else None
    others = [*witnesses, *(each for each in (noted, restored) if each)]
    known = [*_of_files(evidence), *others]
    foreign = state is not None and state.home not in (None, label(home))
    if foreign:
        unusable.add(STATE)
    losses = (*_damages(evidence, known), *_losses(home, evidence, known, others))
    if losses and _is_stray(evidence):
        unusable.add(OUTBOX)
    most = max((each.keys for each in known), default=0)
    kept = state.keys if state and STATE not in unusable else 0
    return Comparison(
        losses=losses,
        notes=tuple(_notes(evidence)),
        unusable=frozenset(unusable),
        keys=max(0, most - kept) if most else None,
        last=max([each.delivery for each in known] + [(state and state.begun) or 0]),
        at=max((each.at for each in known if each.at), default=None),
        is_state_lost=bool(losses) and (state is None or STATE in unusable),
        is_behind=bool(losses) and STATE not in unusable and _is_behind(state, known),
        strangers=_strangers(state, known),
    )


def _of_files(evidence: Evidence) -> Iterator[Witness]:
    ledger = evidence.ledger
    if ledger and ledger.last:
        yield Witness(LEDGER, ledger.state_id, ledger.last, ledger.keys, ledger.at)
    yield from (each for each in (evidence.outbox, evidence.report) if each)


def _is_stray(evidence: Evidence) -> bool:
    """Whether the outbox is not of the last delivery of the ledger beside it."""
    box, ledger = evidence.outbox, evidence.ledger
    if box is None:
        return False
    same = ledger is not None and (box.state_id in (None, ledger.state_id))
    return not same or ledger is None or box.delivery != ledger.last


def _damages(evidence: Evidence, known: Sequence[Witness]) -> Iterator[str]:
    young = evidence.ledger is not None and not known
    for name in sorted(evidence.damaged - {REPORTS}):
        if not young:  # a first run was killed while it made the file
            yield f"{name} is damaged and cannot be read"


def _losses(
    home: Path, evidence: Evidence, known: Sequence[Witness], others: Sequence[Witness]
) -> Iterator[str]:
    state = evidence.state
    if state is None:
        if known and STATE not in evidence.damaged:
            yield f"{STATE} is missing, though {_places(known)}"
    elif state.home not in (None, label(home)):
        yield f"{STATE} is that of {state.home}"
    elif state.folded is None:
        yield from _losses_before_numbers(state, evidence, others)
    else:
        yield from _losses_of(state, evidence, known)


def _losses_before_numbers(
    state: StateReading, evidence: Evidence, others: Sequence[Witness]
) -> Iterator[str]:
    """Of a state that no delivery of this version has touched."""
    known = [*_of_files(evidence), *others]
    if strangers := [each for each in known if each.state_id not in (None, state.state_id)]:
        yield f"{STATE} is not the one that delivered last: {_places(strangers)}"
    elif not state.rows and not evidence.ledger_last and others:
        yield f"{STATE} is empty, though {_places(others)}"
    newest = max(state.newest, evidence.outbox.delivery if evidence.outbox else 0)
    if LEDGER not in evidence.damaged and evidence.ledger_last < newest:
        yield _ledger_loss(evidence, newest)


def _losses_of(state: StateReading, evidence: Evidence, known: Sequence[Witness]) -> Iterator[str]:
    begun, folded, box = state.begun or 0, state.folded or 0, evidence.outbox
    strangers = [each for each in known if _is_stranger(state, each)]
    if strangers and any(each.state_id == state.state_id for each in known):
        yield f"{_names(strangers)} of another state than the {STATE} that is there"
    elif strangers:
        yield f"{STATE} is not the one that delivered last: {_places(strangers)}"
    later = [
        each
        for each in known
        if each not in strangers
        and (
            each.delivery > begun
            or (each is state.restored and each.delivery > folded)
            or (each is evidence.report and _is_ahead(each, folded, box))
        )
    ]
    if later:
        yield f"{STATE} is an older copy, of delivery {folded}: {_places(later)}"
    if LEDGER not in evidence.damaged:
        yield from _ledger_losses(state, evidence)
    if OUTBOX not in evidence.damaged and not later:
        yield from _outbox_losses(state, evidence)


def _ledger_losses(state: StateReading, evidence: Evidence) -> Iterator[str]:
    begun, last = state.begun or 0, evidence.ledger_last
    began = state.folded == begun or (evidence.outbox and evidence.outbox.delivery == begun)
    if (evidence.ledger is None and begun) or last < begun - (0 if began else 1):
        yield _ledger_loss(evidence, begun)
    elif evidence.ledger and evidence.ledger.has_lost_entries:
        yield f"{LEDGER} has lost its latest entries: its {LEDGER}-wal is missing or damaged"


def _ledger_loss(evidence: Evidence, newest: int) -> str:
    if evidence.ledger is None:
        return f"{LEDGER} is missing, though {STATE} knows of delivery {newest}"
    last = evidence.ledger_last
    end = f"ends with delivery {last}" if last else "is empty"
    return f"{LEDGER} is an older copy, which {end}: {STATE} knows of delivery {newest}"


def _outbox_losses(state: StateReading, evidence: Evidence) -> Iterator[str]:
    begun, folded, box = state.begun or 0, state.folded or 0, evidence.outbox
    sent = evidence.ledger.sent if evidence.ledger else 0
    if box is None:
        if sent > folded:
            yield f"{OUTBOX} is missing, though delivery {sent} was cut short"
    elif box.delivery < begun and not _is_stranger(state, box):
        yield f"{OUTBOX} is an older copy, of delivery {box.delivery}: the last one is {begun}"


def _is_ahead(report: Witness, folded: int, box: Witness | None) -> bool:
    """A report is written just before the state takes in what it says, and then the outbox goes."""
    return report.delivery > folded and not (box and box.delivery == report.delivery)


def _is_stranger(state: StateReading, known: Witness) -> bool:
    if known.state_id in (None, state.state_id):
        return False
    return known.delivery > state.former.get(known.state_id or "", -1)


def _is_behind(state: StateReading | None, known: Sequence[Witness]) -> bool:
    if state is None:
        return False
    folded = state.newest if state.folded is None else state.folded
    return any(each.delivery > folded or _is_stranger(state, each) for each in known)


def _strangers(state: StateReading | None, known: Sequence[Witness]) -> dict[str, int]:
    last: dict[str, int] = {}
    for each in known:
        if state is None or each.state_id != state.state_id:
            name = each.state_id or ""
            last[name] = max(last.get(name, 0), each.delivery)
    return last


def _notes(evidence: Evidence) -> Iterator[str]:
    state, report = evidence.state, evidence.report
    folded = (state.folded if state else None) or 0
    if REPORTS in evidence.damaged:
        yield f"the latest of {REPORTS} is damaged: what it said of its delivery is lost"
    elif folded and (report is None or report.delivery < folded):
        end = f"end with delivery {report.delivery}" if report else "are missing"
        yield f"{REPORTS} {end}; the last delivery is {folded}. Nothing is sent again for that"


def _names(known: Sequence[Witness]) -> str:
    plural = len(known) > 1 or known[0].place == REPORTS
    return f"{' and '.join(each.place for each in known)} {'tell' if plural else 'tells'}"


def _places(known: Sequence[Witness]) -> str:
    """Such as `sends.sqlite and the reports know of delivery 3`."""
    by_delivery: dict[int, list[str]] = {}
    for each in known:
        by_delivery.setdefault(each.delivery, []).append(each.place)
    told = []
    for delivery, places in by_delivery.items():
        *first, last = dict.fromkeys(places)
        names = f"{', '.join(first)} and {last}" if first else last
        knows = "know" if first or last == REPORTS else "knows"
        told.append(f"{names} {knows} of {f'delivery {delivery}' if delivery else 'earlier ones'}")
    return ", and ".join(told)


def label(home: Path) -> str:
    return f"{home.parent.name}/{home.name}"
