"""A bad record is found among a thousand, and a server that refuses all is held against none."""

from pathlib import Path

import pytest

from ct_assets.clevertap.client import Answer
from ct_assets_tests.delivery.sending_kit import (
    IdleClock,
    Scripted,
    Upload,
    batch_of,
    batches_of,
    reply,
    sending,
)


def poisoned(identities: set[str], status: int) -> Scripted:
    def script(upload: Upload) -> Answer | None:
        bad = any(record["identity"] in identities for record in upload.records)
        return reply(status, {"status": "fail", "error": "Malformed request"}) if bad else None

    return Scripted(script)


@pytest.mark.parametrize("status", [400, 413])
@pytest.mark.parametrize("position", [0, 1, 499, 500, 777, 999])
def test_one_bad_record_of_a_thousand(tmp_path: Path, position: int, status: int) -> None:
    server = poisoned({f"c-0-{position}"}, status)

    sent, ledger = sending([batch_of(0, 1000)], server, tmp_path)

    assert ledger.count() == {"acked": 999, f"refused {status}": 1}
    assert [(b, *r) for b, r in ledger.refusals] == [(0, position, status, "Malformed request")]
    assert sent.requests <= 2 + 2 * 1 * 10 + 5
    assert sent.stopped is None


@pytest.mark.parametrize("bad", [1, 2, 7, 64])
def test_requests_for_bad_records_are_bounded(tmp_path: Path, bad: int) -> None:
    rows = 64
    server = poisoned({f"c-0-{row * rows // bad}" for row in range(bad)}, 400)

    sent, ledger = sending([batch_of(0, rows)], server, tmp_path)

    assert ledger.count().get("acked", 0) == rows - bad
    assert ledger.count()["refused 400"] == bad
    assert sent.requests <= min(2 + 2 * bad * 6, 2 * rows) + bad * 5


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 3), (0, 10), (1, 9)])
def test_a_spell_of_400s_is_held_against_no_record(tmp_path: Path, start: int, end: int) -> None:
    clock, bad = IdleClock(), {"c-0-0", "c-7-33"}

    def script(upload: Upload) -> Answer | None:
        spell = start <= clock.time < end
        poison = any(record["identity"] in bad for record in upload.records)
        return reply(400) if spell or poison else None

    sent, ledger = sending(batches_of(40, rows=100), Scripted(script), tmp_path, clock=clock)

    assert ledger.count() == {"acked": 3998, "refused 400": 2}
    assert {f"c-{batch}-{refusal.position}" for batch, refusal in ledger.refusals} == bad
    assert sent.stopped is None


def test_a_bad_record_among_others_is_repeated_once(tmp_path: Path) -> None:
    clock = IdleClock()

    def script(upload: Upload) -> Answer | None:
        clock.time += 0.01
        return reply(400) if upload.records[0]["identity"] == "c-0-0" else None

    server = Scripted(script)
    _, ledger = sending(batches_of(200, rows=1), server, tmp_path, clock=clock)

    assert ledger.count() == {"acked": 199, "refused 400": 1}
    assert len([body for body in server.bodies if b'"c-0-0"' in body]) == 2


def test_a_passing_400_costs_one_repeat(tmp_path: Path) -> None:
    server = Scripted(lambda upload: reply(400) if upload.number == 0 else None)

    sent, ledger = sending([batch_of(0, 10)], server, tmp_path)

    assert (sent.requests, ledger.count()) == (2, {"acked": 10})


def test_a_server_that_refuses_everything_is_noticed(tmp_path: Path) -> None:
    server = Scripted(lambda _: reply(400))

    sent, ledger = sending(batches_of(500, rows=100), server, tmp_path)

    assert sent.stopped == (
        "api.example.test refuses every request (HTTP 400), 540 in a row; nothing was sent"
    )
    assert set(ledger.count()) == {"not taken"}
    assert len(server.bodies) <= 540 + 30
