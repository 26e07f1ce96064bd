"""Lanes keep one identity's records in order while many requests are in flight.

All records of an identity are in one lane, and a lane has one batch under way at a time. There are
more lanes than requests in flight, so a lane that waits leaves the others busy.
"""

import heapq
import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping

from ct_assets.delivery.sender.batch import Batch

MAX_LANES = 64
BUCKETS = 16_384
"""Into so many are identities sorted by their hash; a bucket goes to one lane."""


def filled(buckets: Mapping[int, int], size: int) -> dict[int, int]:
    """The lane of each bucket, given the rows in it, so that few batches of `size` are not full.

    The largest go first, each to the lane that has the most room. With no room to spare lanes
    overflow into one more batch each, and so the same is tried with a little.
    """
    least = max(1, math.ceil(sum(buckets.values()) / size))
    tries = [_filled(buckets, size, least + spare) for spare in (0, 1 + least // 200)]
    return min(tries, key=lambda lanes: _batches(buckets, lanes, size))


def _filled(buckets: Mapping[int, int], size: int, batches: int) -> dict[int, int]:
    count = min(MAX_LANES, batches)
    rooms = [(-size * len(range(lane, batches, count)), lane) for lane in range(count)]
    lanes = {}
    for bucket, rows in sorted(buckets.items(), key=lambda item: (-item[1], item[0])):
        room, lane = rooms[0]
        lanes[bucket] = lane
        heapq.heapreplace(rooms, (room + rows, lane))
    return lanes


def _batches(buckets: Mapping[int, int], lanes: Mapping[int, int], size: int) -> int:
    rows: Counter[int] = Counter()
    for bucket, lane in lanes.items():
        rows[lane] += buckets[bucket]
    return sum(math.ceil(count / size) for count in rows.values())


def lane_hash(kind: str, identity: str) -> str:
    """SQL, of SQL expressions: a number that is the same in every process, version and machine.

    It says in which bucket an identity is, and so its lane.
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
