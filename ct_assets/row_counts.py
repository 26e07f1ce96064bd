"""RowCounts says where every row went."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Outcomes of planned rows."""

    planned: int = 0
    acked: int = 0
    refused: int = 0
    unknown: int = 0
    unsent: int = 0

    @property
    def complete(self) -> bool:
        return self.planned == self.acked + self.refused + self.unknown + self.unsent


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Where every row went, counted from files."""

    source: int
    cut: int
    superseded: int
    rejected: int
    valid: int
    unchanged: int
    held: Mapping[str, int]
    """Rows that are not to be sent, by reason: parked, refused, forgotten, before_from_now ..."""
    new: int
    changed: int
    sent: Tally
    removed: int
    """Rows acknowledged earlier that are in the source no more."""
    removals: Tally
    """What became of those that are to be cleared or deleted."""

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
