from collections.abc import Iterator

import duckdb
import pytest

from ct_assets.delivery.sender.batch import Batch
from ct_assets.delivery.sender.lanes import LaneQueue, lane_count, lane_hash


@pytest.mark.parametrize(
    ("rows", "lanes"),
    [(0, 1), (412, 1), (1600, 2), (24_000, 30), (51_200, 64), (10_000_000, 64)],
)
def test_lane_count(rows: int, lanes: int) -> None:
    assert lane_count(rows) == lanes


def lanes_of(people: int) -> list[int]:
    lane = lane_hash("'identity'", "'c-' || n") + " % 64"
    found = duckdb.execute(f"select {lane} from range({people}) as t(n) order by n").fetchall()
    return [number for (number,) in found]


def test_a_lane_is_for_ever() -> None:
    assert lanes_of(8) == [27, 48, 0, 0, 47, 1, 21, 19]


def test_lanes_are_even() -> None:
    lanes = lanes_of(64_000)
    sizes = [lanes.count(lane) for lane in range(64)]

    assert min(sizes) > 850
    assert max(sizes) < 1150


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
