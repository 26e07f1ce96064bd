"""SendStats counts for progress and reports; the account of rows is made from files instead."""

import math
from collections import Counter
from dataclasses import dataclass, field

STEP = 1.05
"""Latencies are kept as counts in classes 5 % wide, so that they take no memory of their own."""


class Latencies:
    def __init__(self) -> None:
        self._classes: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        self._classes[round(math.log(max(seconds, 1e-6), STEP))] += 1

    def percentile(self, share: float) -> float:
        """Seconds within which that share of the requests was answered, to 5 %; 0.0 for none."""
        left = share * self._classes.total()
        for step in sorted(self._classes):
            left -= self._classes[step]
            if left <= 0:
                return STEP**step
        return 0.0


@dataclass
class SendStats:
    """Rows are counted by their latest outcome."""

    acked: int = 0
    refused: int = 0
    unknown: int = 0
    requests: int = 0
    waits_429: int = 0
    bytes: int = 0
    seconds: float = 0.0
    window: int = 0
    smallest_window: int = 0
    slots: int = 0
    """Of the account, in use by this delivery."""
    latency: float | None = None
    """Seconds until the last request was answered; None if it never was."""
    latencies: Latencies = field(default_factory=Latencies)
    stopped: str | None = None
    """Why it ended before every batch was tried, as a sentence for a person."""
    passing: bool = False
    """It ended because a server that had answered takes nothing any more; later it may again."""

    def conclude(self) -> None:
        """Adds to `stopped` what becomes of the rest, once every request has been answered."""
        has_sent = bool(self.acked or self.refused or self.unknown)
        rest = "what is left unsent goes with the next run" if has_sent else "nothing was sent"
        self.stopped = self.stopped and f"{self.stopped}; {rest}"
