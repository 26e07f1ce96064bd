import math
from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest

from ct_assets.delivery.sender.batch import Batch
from ct_assets.delivery.sender.lanes import BUCKETS, LaneQueue, filled, lane_hash


def hashed(people: int, lanes: int) -> list[int]:
    lane = lane_hash("'identity'", "'c-' || n") + f" % {lanes}"
    found = duckdb.execute(f"select {lane} from range({people}) as t(n) order by n").fetchall()
    return [number for (number,) in found]


def test_a_hash_is_for_ever() -> None:
    assert hashed(8, 64) == [27, 48, 0, 0, 47, 1, 21, 19]


@pytest.mark.parametrize(
    ("buckets", "lanes"),
    [
        ({}, {}),
        ({7: 3}, {7: 0}),
        ({7: 6, 8: 5, 9: 4, 10: 3}, {7: 0, 8: 1, 9: 1, 10: 0}),
        ({7: 25, 8: 1, 9: 1}, {7: 0, 8: 1, 9: 2}),
    ],
    ids=["none", "one", "the largest first", "a person with many events"],
)
def test_buckets_fill_lanes(buckets: dict[int, int], lanes: dict[int, int]) -> None:
    assert filled(buckets, 10) == lanes


@pytest.mark.parametrize("events_of_one", [1, 3, 30])
@pytest.mark.parametrize("rows", [1, 999, 1000, 1001, 50_000, 64_000, 200_000])
def test_hardly_a_batch_is_not_full(rows: int, events_of_one: int) -> None:
    buckets = Counter(hashed(math.ceil(rows / events_of_one), BUCKETS))
    for bucket in buckets:
        buckets[bucket] *= events_of_one
    lanes = filled(buckets, 1000)

    sizes: Counter[int] = Counter()
    for bucket, lane in lanes.items():
        sizes[lane] += buckets[bucket]
    least = math.ceil(sum(buckets.values()) / 1000)
    assert lanes.keys() == buckets.keys()
    assert len(sizes) == min(64, least)
    assert sum(math.ceil(size / 1000) for size in sizes.values()) <= least + 1 + least // 100


def batches(*lanes: int | None) -> list[Batch]:
    return [Batch(number, lane, 1, b"") for number, lane in enumerate(lanes)]


def taken(queue: LaneQueue) -> list[int]:
    numbers = []
    while batch := queue.take():
        numbers.append(batch.number)
    return numbers


def test_without_lanes_nothing_waits() -> None:
    queue = LaneQueue(batches(None, None, None))

    assert taken(queue) == [0, 1, 2]
    assert queue.exhausted


def test_a_lane_has_one_batch_under_way() -> None:
    queue = LaneQueue(batches(1, 1, 2, 1, 2))

    assert taken(queue) == [0, 2]
    queue.release(1)
    assert taken(queue) == [1]
    queue.release(2)
    queue.release(1)
    assert taken(queue) == [3, 4]
    assert queue.exhausted


def test_a_settled_lane_is_free_for_what_comes_later() -> None:
    queue = LaneQueue(batches(1, 1))

    assert queue.take() == Batch(0, 1, 1, b"")
    queue.release(1)
    assert queue.take() == Batch(1, 1, 1, b"")


def test_a_halted_lane_lets_nothing_pass() -> None:
    queue = LaneQueue(batches(1, 2, 1, 2, 1))
    assert taken(queue) == [0, 1]

    queue.halt(1)
    queue.release(2)

    assert taken(queue) == [3]
    assert queue.exhausted


def test_a_lane_halted_early_is_passed_over_when_read() -> None:
    queue = LaneQueue(batches(1, 2, 1, 1, 2))
    queue.take()
    queue.halt(1)

    assert taken(queue) == [1]
    queue.release(2)
    assert taken(queue) == [4]
    assert queue.exhausted


def test_only_so_many_are_held_back() -> None:
    read: list[int] = []

    def source() -> Iterator[Batch]:
        for batch in batches(*[1] * 100):
            read.append(batch.number)
            yield batch

    queue = LaneQueue(source(), ahead=10)

    assert taken(queue) == [0]
    assert read == list(range(11))
    queue.release(1)
    assert taken(queue) == [1]
    assert read == list(range(12))
