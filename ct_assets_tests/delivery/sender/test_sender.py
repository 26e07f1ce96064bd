import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Answer
from ct_assets.delivery.sender.batch import Batch
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets_tests.delivery.sending_kit import (
    LOST,
    Memory,
    Scripted,
    Upload,
    batch_of,
    batches_of,
    envelope,
    in_lanes,
    reply,
    sending,
)


def test_every_record_is_acked_once(tmp_path: Path) -> None:
    server = Scripted(lambda _: None)

    sent, ledger = sending(batches_of(100), server, tmp_path)

    assert ledger.count() == {"acked": 1000}
    assert sorted(server.bodies) == sorted(batch.body for batch in batches_of(100))
    assert (sent.acked, sent.refused, sent.unknown, sent.requests) == (1000, 0, 0, 100)
    assert sent.bytes == sum(len(body) for body in server.bodies)
    assert sent.stopped is None


def test_sent_is_recorded_before_the_post(tmp_path: Path) -> None:
    ledger, order = Memory(), []

    def script(_: Upload) -> None:
        order.append([entry[0] for entry in ledger.entries])

    sending([batch_of(0, 3)], Scripted(script), tmp_path, ledger=ledger)

    assert order == [["sent"]]
    assert ledger.entries == [("sent", 0, [0, 1, 2]), ("acked", 0, [0, 1, 2])]


def test_fifteen_are_in_flight_and_no_more(tmp_path: Path) -> None:
    full = threading.Barrier(15)

    def script(upload: Upload) -> None:
        if upload.number < 15:
            full.wait(timeout=30)

    server = Scripted(script)
    sending(batches_of(60), server, tmp_path)

    assert server.most_in_flight == 15


class Doubtful(Memory):
    """Counts the batches that a kill would leave in doubt."""

    most = 0

    def _note(self, outcome: str, batch: int, rows: Sequence[int]) -> None:
        super()._note(outcome, batch, rows)
        self.most = max(self.most, self.count().get("sent", 0))


def test_no_more_batches_are_in_doubt_than_may_be_in_flight(tmp_path: Path) -> None:
    ledger = Doubtful()

    sending(batches_of(300, rows=1), Scripted(lambda _: None), tmp_path, ledger=ledger)

    assert ledger.count() == {"acked": 300}
    assert ledger.most <= 15


def test_refusals_keep_their_place_code_and_text(tmp_path: Path) -> None:
    server = Scripted(lambda _: envelope(4, {3: 516, 1: 515}))

    sent, ledger = sending([batch_of(7, 4)], server, tmp_path)

    assert [(batch, *refusal) for batch, refusal in ledger.refusals] == [
        (7, 1, 515, "It is wrong. Skipped record number : 2"),
        (7, 3, 516, "It is wrong. Skipped record number : 4"),
    ]
    assert (sent.acked, sent.refused) == (2, 2)


@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_a_lane_keeps_its_order_whatever_fails(tmp_path: Path, on_unknown: str) -> None:
    faults: list[Answer | None] = [reply(429), LOST, reply(503), reply(400), None, None, None]
    taken: defaultdict[object, list[int]] = defaultdict(list)
    lock = threading.Lock()

    def script(upload: Upload) -> Answer | None:
        fault = faults[upload.number * 7919 % 13 % len(faults)]
        if fault is None or fault is LOST:
            with lock:
                taken[upload.records[0]["identity"]] += [
                    int(str(record["ts"])) for record in upload.records
                ]
        return fault

    sent, _ = sending(
        in_lanes(20, 12),
        Scripted(script),
        tmp_path,
        on_unknown="resend" if on_unknown == "resend" else "park",
    )

    assert sent.stopped is None
    assert len(taken) == 20
    for stamps in taken.values():
        firsts = list(dict.fromkeys(stamps))
        assert firsts == sorted(firsts)
        assert first_repeats_follow_directly(stamps)


def first_repeats_follow_directly(stamps: Sequence[int]) -> bool:
    """A repeat comes before anything later: the highest so far is always within one batch."""
    highest = 0
    for stamp in stamps:
        if stamp < highest - 1:
            return False
        highest = max(highest, stamp)
    return True


def test_a_lane_that_comes_to_no_outcome_halts_alone(tmp_path: Path) -> None:
    def script(upload: Upload) -> Answer | None:
        return (
            LOST
            if upload.records[0]["identity"] == "c-3" and upload.records[0]["ts"] == 3
            else None
        )

    sent, ledger = sending(in_lanes(20, 40), Scripted(script), tmp_path)

    assert sent.stopped is None
    assert ledger.count() == {"acked": 19 * 80 + 2, "unknown": 2}


def test_stop_finishes_and_records_what_is_in_flight(tmp_path: Path) -> None:
    stop = threading.Event()
    all_in = threading.Barrier(15, action=stop.set)

    def script(_: Upload) -> None:
        all_in.wait(timeout=30)

    server = Scripted(script)
    sent, ledger = sending(batches_of(100), server, tmp_path, stop=stop)

    assert len(server.bodies) == 15
    assert ledger.count() == {"acked": 150}
    assert sent.stopped == "stopped on request; what is left unsent goes with the next run"


def test_stop_ends_a_wait_for_a_repeat(tmp_path: Path) -> None:
    stop = threading.Event()

    sent, ledger = sending(
        [batch_of(0, 1)],
        Scripted(lambda _: reply(429)),
        tmp_path,
        stop=stop,
        progress=lambda sent: stop.set() if sent.waits_429 == 2 else None,
    )

    assert sent.requests == 2
    assert ledger.count() == {"not taken": 1}


class FullDisk(Memory):
    def __init__(self, method: str, after: int) -> None:
        super().__init__()
        self.method, self.left = method, after

    def _note(self, outcome: str, batch: int, rows: Sequence[int]) -> None:
        if outcome == self.method:
            self.left -= 1
            if self.left < 0:
                raise OSError(28, "No space left on device")
        super()._note(outcome, batch, rows)


def test_a_ledger_that_cannot_write_sent_lets_nothing_leave(tmp_path: Path) -> None:
    ledger, server = FullDisk("sent", after=20), Scripted(lambda _: None)

    with pytest.raises(OSError, match="No space left"):
        sending(batches_of(100), server, tmp_path, ledger=ledger)

    assert len(server.bodies) == 20
    assert ledger.count() == {"acked": 200}


def test_a_ledger_that_cannot_write_acks_ends_the_sending(tmp_path: Path) -> None:
    ledger, server = FullDisk("acked", after=20), Scripted(lambda _: None)

    with pytest.raises(OSError, match="No space left"):
        sending(batches_of(100), server, tmp_path, ledger=ledger)

    assert ledger.count()["acked"] == 200
    assert len(server.bodies) <= 20 + 30
    assert ledger.count()["sent"] == 10 * (len(server.bodies) - 20)


def test_a_source_that_breaks_leaves_no_answer_unrecorded(tmp_path: Path) -> None:
    def breaking() -> Iterator[Batch]:
        yield from batches_of(20)
        raise ValueError("the outbox is damaged")

    ledger, server = Memory(), Scripted(lambda _: None)

    with pytest.raises(ValueError, match="damaged"):
        sending(breaking(), server, tmp_path, ledger=ledger)

    assert ledger.count() == {"acked": 10 * len(server.bodies)}


def test_progress_is_told_after_every_answer(tmp_path: Path) -> None:
    seen: list[int] = []

    def progress(sent: SendStats) -> None:
        seen.append(sent.acked)

    sending(batches_of(5), Scripted(lambda _: None), tmp_path, progress=progress)

    assert seen == [10, 20, 30, 40, 50]
