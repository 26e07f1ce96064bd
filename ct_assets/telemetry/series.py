"""Series keeps figures until they are sent: a point for each instrument and its attributes."""

import copy
import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ct_assets.telemetry.instruments import LATENCY_BOUNDS, Instrument

Attributes = Mapping[str, str]
Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Times:
    """Seconds, counted in the classes of `LATENCY_BOUNDS`, and one for what is above them."""

    classes: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))
    total: float = 0.0
    least: float = math.inf
    most: float = 0.0

    def add(self, seconds: float) -> None:
        self.classes[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.total += seconds
        self.least, self.most = min(self.least, seconds), max(self.most, seconds)


Point = int | float | Times


class Taken(NamedTuple):
    points: Mapping[Instrument, Mapping[Labels, Point]]
    since: int
    """Nanoseconds, of the clock, from which counters and histograms count."""
    until: int


class Series:
    """For any number of threads."""

    def __init__(self, *, deltas: bool, now: Callable[[], int] = time.time_ns) -> None:
        """`deltas`: counters and histograms begin anew each time that they are taken."""
        self.deltas = deltas
        self._now = now
        self._lock = threading.Lock()
        self._points: dict[Instrument, dict[Labels, Point]] = {}
        self._since = now()

    def add(self, instrument: Instrument, number: int, attributes: Attributes) -> None:
        with self._lock:
            points, labels = self._of(instrument), tuple(attributes.items())
            before = points.get(labels, 0)
            points[labels] = before + number if isinstance(before, int) else number

    def set(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        with self._lock:
            self._of(instrument)[tuple(attributes.items())] = value

    def time(self, instrument: Instrument, seconds: float, attributes: Attributes) -> None:
        with self._lock:
            times = self._of(instrument).setdefault(tuple(attributes.items()), Times())
            if isinstance(times, Times):
                times.add(seconds)

    def take(self) -> Taken:
        """Gives what is to be sent: of gauges, those that were set since they were taken last."""
        with self._lock:
            taken = Taken(self._points, self._since, self._now())
            if self.deltas:
                self._points, self._since = {}, taken.until
            else:
                kept = {i: p for i, p in self._points.items() if i.kind != "gauge"}
                self._points = copy.deepcopy(kept)
            return taken

    def _of(self, instrument: Instrument) -> dict[Labels, Point]:
        return self._points.setdefault(instrument, {})
