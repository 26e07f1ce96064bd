import itertools
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Answer, NoReply
from ct_assets_tests.delivery.sending_kit import (
    LOST,
    IdleClock,
    Scripted,
    Upload,
    batch_of,
    batches_of,
    envelope,
    record,
    reply,
    sending,
)


def test_not_taken_is_repeated_until_it_is(tmp_path: Path) -> None:
    def script(upload: Upload) -> Answer | None:
        return reply(429) if upload.number < 40 else None

    clock = IdleClock()
    sent, ledger = sending(batches_of(20), Scripted(script), tmp_path, clock=clock)

    assert ledger.count() == {"acked": 200}
    assert sent.waits_429 == 40
    assert sent.smallest_window < 15
    assert sent.stopped is None


def test_retry_after_is_a_floor(tmp_path: Path) -> None:
    clock, times = IdleClock(), []

    def script(upload: Upload) -> Answer | None:
        times.append(clock.time)
        return reply(429, retry_after=20.0) if upload.number < 3 else None

    sending([batch_of(0, 1)], Scripted(script), tmp_path, clock=clock)

    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(pauses) == 3
    assert all(20.0 <= pause <= 20.0 + 2.0 for pause in pauses)


def test_retry_after_of_a_lost_answer_is_a_floor_too(tmp_path: Path) -> None:
    clock, times = IdleClock(), []

    def script(upload: Upload) -> Answer | None:
        times.append(clock.time)
        return reply(503, retry_after=40.0) if upload.number < 2 else None

    sending([batch_of(0, 1)], Scripted(script), tmp_path, clock=clock)

    assert all(later - earlier >= 40.0 for earlier, later in itertools.pairwise(times))
    assert len(times) == 3


def test_the_first_reason_to_end_is_the_one_that_counts(tmp_path: Path) -> None:
    def script(upload: Upload) -> Answer | None:
        return reply(401) if upload.number % 2 else reply(429, retry_after=3600.0)

    sent, _ = sending(batches_of(20), Scripted(script), tmp_path)

    assert sent.stopped
    assert sent.passing == sent.stopped.startswith("429")


def test_a_longer_wait_than_the_patience_is_left_to_a_later_run(tmp_path: Path) -> None:
    server = Scripted(lambda _: reply(429, retry_after=3600.0))

    sent, ledger = sending([batch_of(0, 2)], server, tmp_path)

    assert sent.stopped == (
        "429, too many requests at once, to be repeated after 3600 s; nothing was sent"
    )
    assert sent.passing
    assert (len(server.bodies), ledger.count()) == (1, {"not taken": 2})


def test_429_for_ever_ends_within_the_patience(tmp_path: Path) -> None:
    clock = IdleClock()

    sent, ledger = sending(batches_of(50), Scripted(lambda _: reply(429)), tmp_path, clock=clock)

    assert sent.stopped == "429, too many requests at once; nothing was sent"
    assert sent.passing
    assert set(ledger.count()) == {"not taken"}
    assert clock.time <= 300.0


def test_unreachable_host_is_given_up_soon(tmp_path: Path) -> None:
    clock = IdleClock()
    gone = NoReply("api.example.test", sent=False, why="[Errno 111] Connection refused")

    sent, ledger = sending(batches_of(50), Scripted(lambda _: gone), tmp_path, clock=clock)

    assert sent.stopped == (
        "cannot reach api.example.test: [Errno 111] Connection refused; nothing was sent"
    )
    assert not sent.passing
    assert set(ledger.count()) == {"not taken"}
    assert clock.time <= 15.0


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_denied_stops_at_once(tmp_path: Path, status: int) -> None:
    server = Scripted(lambda upload: None if upload.number < 3 else reply(status))

    sent, ledger = sending(batches_of(100), server, tmp_path)

    assert sent.stopped is not None
    assert "api.example.test" in sent.stopped
    assert f"(HTTP {status})" in sent.stopped
    assert sent.stopped.endswith("; what is left unsent goes with the next run")
    assert ledger.count()["acked"] == 30
    assert len(server.bodies) <= 3 + 30


def test_credentials_refused_says_so(tmp_path: Path) -> None:
    sent, _ = sending(batches_of(3), Scripted(lambda _: reply(401)), tmp_path)

    assert sent.stopped == (
        "credentials or region refused by api.example.test (HTTP 401); check the account id, "
        "the passcode and the region; nothing was sent"
    )


def test_lost_answers_are_resent(tmp_path: Path) -> None:
    server = Scripted(lambda upload: LOST if upload.number in (2, 5) else None)

    sent, ledger = sending(batches_of(20), server, tmp_path)

    assert ledger.count() == {"acked": 200}
    assert (len(server.bodies), sent.unknown, sent.stopped) == (22, 0, None)
    assert [entry[0] for entry in ledger.entries].count("unknown") == 2


def test_lost_answers_are_parked(tmp_path: Path) -> None:
    server = Scripted(lambda upload: LOST if upload.number in (2, 5) else None)

    sent, ledger = sending(batches_of(20), server, tmp_path, on_unknown="park")

    assert ledger.count() == {"acked": 180, "unknown": 20}
    assert (len(server.bodies), sent.unknown, sent.stopped) == (20, 20, None)


def test_a_batch_is_resent_a_few_times_only(tmp_path: Path) -> None:
    def script(upload: Upload) -> Answer | None:
        return LOST if upload.records[0]["identity"] == "c-0-0" else None

    server = Scripted(script)
    sent, ledger = sending(batches_of(200), server, tmp_path)

    assert ledger.count() == {"acked": 1990, "unknown": 10}
    assert len([body for body in server.bodies if b'"c-0-0"' in body]) == 5
    assert sent.unknown == 10


def test_a_server_that_confirms_nothing_ends_the_sending(tmp_path: Path) -> None:
    server = Scripted(lambda _: reply(500))

    sent, _ = sending(batches_of(200), server, tmp_path)

    assert sent.stopped == (
        "api.example.test gave no usable answer (HTTP 500); "
        "what is left unsent goes with the next run"
    )
    assert not sent.passing
    assert len({identity_of(body) for body in server.bodies}) <= 30


def test_parking_ends_when_every_answer_is_lost(tmp_path: Path) -> None:
    server = Scripted(lambda _: LOST)

    sent, ledger = sending(batches_of(200), server, tmp_path, on_unknown="park")

    assert sent.stopped == (
        "api.example.test gave no usable answer (the connection broke before the reply), "
        "30 batches in a row; what is left unsent goes with the next run"
    )
    assert ledger.count()["unknown"] == 10 * len(server.bodies) <= 10 * (30 + 30)


def identity_of(body: bytes) -> bytes:
    return body.partition(b'"identity":"')[2].partition(b'"')[0]


def test_transient_codes_are_repeated_alone(tmp_path: Path) -> None:
    def script(upload: Upload) -> Answer | None:
        return [envelope(5, {0: 516, 2: 555, 4: 555}), envelope(2, {1: 555}), None][upload.number]

    server = Scripted(script)
    sent, ledger = sending([batch_of(0, 5)], server, tmp_path)

    assert server.bodies[1:] == [
        b'{"d":[' + record("c-0-2", 3) + b"," + record("c-0-4", 5) + b"]}",
        b'{"d":[' + record("c-0-4", 5) + b"]}",
    ]
    assert ledger.entries == [
        ("sent", 0, [0, 1, 2, 3, 4]),
        ("acked", 0, [0, 1, 3]),
        ("not taken", 0, [2, 4]),
        ("sent", 0, [2, 4]),
        ("acked", 0, [2]),
        ("not taken", 0, [4]),
        ("sent", 0, [4]),
        ("acked", 0, [4]),
    ]
    assert (sent.acked, sent.refused) == (4, 1)


def test_a_code_that_does_not_pass_is_a_refusal_in_the_end(tmp_path: Path) -> None:
    server = Scripted(lambda upload: envelope(len(upload.records), {0: 555}))

    _, ledger = sending([batch_of(0, 2)], server, tmp_path)

    assert ledger.count() == {"acked": 1, "refused 555": 1}
    assert len(server.bodies) == 7
