"""RowCounts says where every row of a source went, and holds the equations that must be true.

No row is lost or invented: the account of every split and of every delivery must add up, or its
run fails. The equations stand here alone; whoever checks or shows the account reads them here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

OUTCOMES = ("acked", "refused", "unknown", "unsent")
REMOVALS = {name: f"removals {name}" for name in OUTCOMES}
"""The outcomes of removals, as the equations name them: clearing or deleting is no planned row."""


@dataclass(frozen=True)
class Equation:
    """Parts, by name, that add up to a whole; none of them is negative."""

    whole: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.whole} = {' + '.join(self.parts)}"

    def holds(self, terms: Mapping[str, int]) -> bool:
        parts = [terms[name] for name in self.parts]
        return terms[self.whole] == sum(parts) and min(parts) >= 0

    def filled(self, terms: Mapping[str, int]) -> str:
        """Such as `valid 90 = unchanged 50 + held 5 + planned 35`."""
        parts = (f"{name} {terms[name]}" for name in self.parts)
        return f"{self.whole} {terms[self.whole]} = {' + '.join(parts)}"


SPLIT_LAW = (Equation("source", ("valid", "rejected", "superseded", "cut")),)
"""Hold once the rows of a source are split."""
DELIVERY_LAW = (
    *SPLIT_LAW,
    Equation("valid", ("unchanged", "held", "planned")),
    Equation("planned", ("new", "changed")),
    Equation("planned", OUTCOMES),
    Equation("removed", ("left alone", *REMOVALS.values())),
)
"""Hold once a delivery is settled."""


def law(equations: Sequence[Equation]) -> str:
    """Such as `source = valid + rejected + superseded + cut; valid = ...`."""
    return "; ".join(map(str, equations))


@dataclass(frozen=True, kw_only=True)
class OutcomeCounts:
    """Outcomes of planned records."""

    planned: int = 0
    acked: int = 0
    refused: int = 0
    unknown: int = 0
    unsent: int = 0

    def by_outcome(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in OUTCOMES}


@dataclass(frozen=True, kw_only=True)
class RowCounts:
    """Rows of a source after the split, counted from files."""

    equations: ClassVar[tuple[Equation, ...]] = SPLIT_LAW

    source: int
    cut: int = 0
    """By `where`."""
    superseded: int = 0
    """Losers of `keep_latest_by`."""
    rejected: int = 0
    valid: int = 0

    @property
    def checked(self) -> int:
        """Rows that the split makes valid or rejected: those neither cut nor superseded."""
        return self.source - self.cut - self.superseded

    @property
    def rejected_share(self) -> float:
        return self.rejected / max(self.valid + self.rejected, 1)

    def totals(self) -> dict[str, int]:
        """Rows by the names that users know them by."""
        return {field.name: getattr(self, field.name) for field in fields(RowCounts)}

    def terms(self) -> dict[str, int]:
        """All that the equations name."""
        return self.totals()

    def violations(self) -> list[str]:
        """The equations that are not true, with their numbers."""
        terms = self.terms()
        return [e.filled(terms) for e in self.equations if not e.holds(terms)]

    def recounted(self, *, valid: int, rejected: int) -> Self:
        """After rows were erased from what is staged, and so from the source."""
        source = valid + rejected + self.superseded + self.cut
        return replace(self, source=source, valid=valid, rejected=rejected)


@dataclass(frozen=True, kw_only=True)
class DeliveryCounts(RowCounts):
    """Rows of a source after a delivery: the account of the split, carried on."""

    equations: ClassVar[tuple[Equation, ...]] = DELIVERY_LAW

    unchanged: int
    held: Mapping[str, int]
    """Valid rows that are not to be sent, by reason: parked, refused, forgotten ..."""
    new: int
    changed: int
    sent: OutcomeCounts
    removed: int
    """Rows acknowledged earlier that are in the source no more."""
    removals: OutcomeCounts
    """Of the removed rows that are to be cleared or deleted."""

    @property
    def planned(self) -> int:
        return self.sent.planned

    @property
    def acked(self) -> int:
        return self.sent.acked

    @property
    def refused(self) -> int:
        return self.sent.refused

    @property
    def unknown(self) -> int:
        return self.sent.unknown

    @property
    def unsent(self) -> int:
        return self.sent.unsent

    def totals(self) -> dict[str, int]:
        return {
            **super().totals(),
            "unchanged": self.unchanged,
            "held": sum(self.held.values()),
            "parked": self.held.get("parked", 0),
            "planned": self.planned,
            **self.sent.by_outcome(),
            "removed": self.removed,
        }

    def terms(self) -> dict[str, int]:
        removals = self.removals.by_outcome()
        return {
            **self.totals(),
            "new": self.new,
            "changed": self.changed,
            "left alone": self.removed - self.removals.planned,
            **{REMOVALS[name]: rows for name, rows in removals.items()},
        }
