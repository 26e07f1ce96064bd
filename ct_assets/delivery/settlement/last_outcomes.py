"""stretches() finds the latest outcome of every record of a batch in the ledger's entries.

An entry may cover a part of a batch only.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ct_assets.delivery.ledger.ledger_entries import LedgerEntry

UNANSWERED = "no answer was recorded: the run ended while the request was under way"


class Stretch(NamedTuple):
    batch: int
    first: int
    until: int
    outcome: str
    """acked, unknown or unsent; an acked record may still be refused, by the entry's refusals."""
    entry: int
    why: str | None
    doubt: str | None
    """Why an earlier request may have stored the records, even if the latest one did not."""


def stretches(entries: Iterable[LedgerEntry]) -> Iterator[Stretch]:
    """Entries in the order in which they were written."""
    batches: dict[int, list[Stretch]] = {}
    for entry in entries:
        batches[entry.batch] = _painted(batches.get(entry.batch, []), entry)
    for parts in batches.values():
        yield from parts


def _painted(old: list[Stretch], entry: LedgerEntry) -> list[Stretch]:
    painted, at = [], entry.first
    for part in old:
        first, until = max(part.first, entry.first), min(part.until, entry.until)
        if first >= until:
            painted.append(part)
            continue
        if part.first < first:
            painted.append(part._replace(until=first))
        if at < first:
            painted.append(_stretch(None, entry, at, first))
        painted.append(_stretch(part, entry, first, until))
        if until < part.until:
            painted.append(part._replace(first=until))
        at = until
    if at < entry.until:
        painted.append(_stretch(None, entry, at, entry.until))
    return sorted(painted, key=lambda part: part.first)


def _stretch(before: Stretch | None, entry: LedgerEntry, first: int, until: int) -> Stretch:
    doubt = before.doubt if before else None
    outcome, why = entry.outcome, entry.why
    if entry.outcome == "sent":
        if before and before.outcome == "unknown":
            doubt = doubt or before.why
        outcome, why = "unknown", UNANSWERED
    elif entry.outcome == "unknown":
        doubt = entry.why
    elif entry.outcome == "acked":
        doubt = None
    elif doubt:
        outcome, why = "unknown", doubt
    else:
        outcome = "unsent"
    return Stretch(entry.batch, first, until, outcome, entry.id, why, doubt)
