"""DeliveryFigures publishes the figures of one delivery, while it is under way and at its end."""

import contextlib
import time
from collections.abc import Callable, Iterator

from ct_assets.delivery import DeliveryFailed, DeliveryResult, Progress
from ct_assets.telemetry import instruments
from ct_assets.telemetry.collector import Collector, collector

EVERY_SECONDS = 1.0


class DeliveryFigures:
    """Without a collector it does nothing."""

    def __init__(
        self,
        to: Collector | None,
        sync: str,
        destination: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._to = to
        self._names = {"sync": sync, "destination": destination}
        self._waits = 0
        self._now = now
        self._levels_due = 0.0

    def beside(self, tell: Callable[[Progress], object]) -> Callable[[Progress], None]:
        """Takes the progress of a delivery, request by request, beside `tell`."""

        def both(progress: Progress) -> None:
            tell(progress)
            if self._to is not None:
                self._publish(self._to, progress)

        return both

    def _publish(self, to: Collector, progress: Progress) -> None:
        if progress.latency is not None:
            to.answered(progress.latency, self._names)
        if progress.waits_429 > self._waits:
            to.add(instruments.WAITS, progress.waits_429 - self._waits, self._names)
            self._waits = progress.waits_429
        if (now := self._now()) >= self._levels_due:  # they are sent each minute at most
            self._levels_due = now + EVERY_SECONDS
            self._set_levels(to, progress.window, progress.slots)

    def _set_levels(self, to: Collector, window: int, slots: int) -> None:
        to.set(instruments.WINDOW, window, self._names)
        to.set(instruments.SLOTS, slots, self._names)

    def ended(self, result: DeliveryResult, *, failed: bool = False) -> None:
        if self._to is None:
            return
        counts = result.counts
        outcomes = {
            "rejected": counts.rejected,
            "unchanged": counts.unchanged,
            "held": sum(counts.held.values()),
        }
        for each in (outcomes, counts.sent.by_outcome(), counts.removals.by_outcome()):
            for outcome, rows in each.items():
                self._to.add(instruments.ROWS, rows, {**self._names, "outcome": outcome})
        how = {**self._names, "result": "failed" if failed else "ended"}
        self._to.add(instruments.DELIVERIES, 1, how)
        self._set_levels(self._to, result.window, 0)


@contextlib.contextmanager
def figures(
    sync: str, destination: str, run: str, tell: Callable[[str], object]
) -> Iterator[DeliveryFigures]:
    """The figures of a delivery, in a span of its run; they are sent when it ends.

    `tell` takes a sentence if they cannot be sent.
    """
    to = collector()
    if to is None:
        yield DeliveryFigures(None, sync, destination)
        return
    names = {"sync": sync, "destination": destination, "dagster.run": run}
    try:
        with to.span(f"deliver {sync}", run, names):
            published = DeliveryFigures(to, sync, destination)
            try:
                yield published
            except DeliveryFailed as error:
                if error.result is not None:
                    published.ended(error.result, failed=True)
                raise
    finally:
        if why := to.flush():
            tell(f"the figures of this run are lost: {why}")
