"""Lanes keep one identity's records in order while many requests are in flight.

All records of an identity are in one lane, and a lane has one batch under way at a time. There are
more lanes than requests in flight, so a lane that waits leaves the others busy.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from ct_assets.delivery.sender.batch import Batch

MAX_LANES = 64
ROWS_OF_A_LANE = 800
"""On average, for small deliveries: few enough that hardly any lane needs a second batch."""


def lane_count(rows: int) -> int:
    return max(1, min(MAX_LANES, rows // ROWS_OF_A_LANE))


def lane_hash(kind: str, identity: str) -> str:
    """SQL, of SQL expressions: a number that is the same in every process, version and machine.

    An identity's lane is its hash modulo the number of lanes.
    """
    return f"md5_number_lower({kind} || ':' || {identity})"


class LaneQueue:
    """Hands out batches as they come, except that a lane waits until its batch has its outcome.

    At most `ahead` batches are held back; give batches of different lanes in turn.
    """

    def __init__(self, batches: Iterable[Batch], ahead: int = MAX_LANES) -> None:
        self._source: Iterator[Batch] | None = iter(batches)
        self._ahead = ahead
        self._held: defaultdict[int, deque[Batch]] = defaultdict(deque)
        self._held_back = 0
        self._ready: list[Batch] = []
        self._busy: set[int] = set()
        self._halted: set[int] = set()

    @property
    def exhausted(self) -> bool:
        """Nothing is left to hand out, now or when a lane is released."""
        return self._source is None and not self._ready and not self._held_back

    def take(self) -> Batch | None:
        """The next batch that may leave; None if every one at hand must wait."""
        if self._ready:
            return heapq.heappop(self._ready)
        while self._source is not None and self._held_back < self._ahead:
            batch = next(self._source, None)
            if batch is None:
                self._source = None
            elif batch.lane is None or self._enter(batch.lane):
                return batch
            elif batch.lane not in self._halted:
                self._held[batch.lane].append(batch)
                self._held_back += 1
        return None

    def release(self, lane: int | None) -> None:
        """Lets the lane's next batch leave, since the last one has its outcome."""
        if lane is None:
            return
        if self._held[lane]:
            self._held_back -= 1
            heapq.heappush(self._ready, self._held[lane].popleft())
        else:
            self._busy.discard(lane)

    def halt(self, lane: int) -> None:
        """Lets no more batches of the lane leave in this run: its batch has no outcome."""
        self._halted.add(lane)
        self._held_back -= len(self._held.pop(lane, ()))

    def _enter(self, lane: int) -> bool:
        if lane in self._busy:
            return False
        self._busy.add(lane)
        return True
