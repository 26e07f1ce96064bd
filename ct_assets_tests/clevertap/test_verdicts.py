import json
import random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.clevertap.client import Answer, NoReply, Reply
from ct_assets.clevertap.verdicts import (
    Acked,
    Denied,
    Malformed,
    NotTaken,
    Refusal,
    Unknown,
    Verdict,
    read,
    read_status,
)

HOST = "api.example.test"


def reply(status: int, body: object = None, retry_after: float = 0.0) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(HOST, status, text, retry_after=retry_after)


def refused(code: int, text: str, record: object = None) -> dict[str, object]:
    return {"status": "fail", "code": code, "error": text, "record": record or {}}


def envelope(status: str, processed: int, *unprocessed: object) -> Reply:
    return reply(200, {"status": status, "processed": processed, "unprocessed": unprocessed})


def test_all_stored_in_either_spelling() -> None:
    spaced = b'{ "status" : "success" , "processed" : 3 , "unprocessed" : [ ]}'

    assert read(envelope("success", 3), 3) == Acked()
    assert read(reply(200, spaced), 3) == Acked()
    assert read(reply(202, spaced), 3) == Acked()


EMAIL = "Profile data is incorrect. Email is not valid.Skipped record number : 1"
RESTRICTED = (
    "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. "
    "Skipped record number : 3"
)


def test_refusals_are_found_by_their_number_in_any_order() -> None:
    answer = envelope("partial", 2, refused(513, RESTRICTED), refused(515, EMAIL))

    assert read(answer, 4) == Acked((Refusal(0, 515, EMAIL), Refusal(2, 513, RESTRICTED)))


@pytest.mark.parametrize("text", [EMAIL, "no number"])
def test_a_record_that_is_named_twice_is_refused_once(text: str) -> None:
    twice = [refused(515, text, echo("a"))] * 2

    assert read(envelope("partial", 2, *twice), 3, sent("a", "b", "c")) == Acked(
        (Refusal(0, 515, text),)
    )


def test_all_refused() -> None:
    assert read(envelope("fail", 0, refused(515, EMAIL)), 1) == Acked((Refusal(0, 515, EMAIL),))


@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)), st.randoms())
    )
)
def test_every_set_of_refusals_is_read_back(
    case: tuple[int, set[int], random.Random],
) -> None:
    records, positions, rng = case
    entries = [refused(516, f"Wrong. Skipped record number : {p + 1}") for p in positions]
    rng.shuffle(entries)
    left = records - len(positions)
    status = "success" if not positions else "partial" if left else "fail"

    verdict = read(envelope(status, left, *entries), records)

    assert isinstance(verdict, Acked)
    assert [refusal.position for refusal in verdict.refusals] == sorted(positions)


def test_one_bad_record_at_any_position_of_a_thousand() -> None:
    for position in range(1000):
        text = (
            f"Profile data is incorrect. Email is not valid.Skipped record number : {position + 1}"
        )

        verdict = read(envelope("partial", 999, refused(515, text)), 1000)

        assert verdict == Acked((Refusal(position, 515, text),))


def sent(*identities: str) -> bytes:
    return orjson.dumps(
        {
            "d": [
                {"type": "event", "identity": identity, "ts": 1700000000, "evtName": "Charged"}
                for identity in identities
            ]
        }
    )


def echo(identity: str, **more: object) -> dict[str, object]:
    record = {"type": "event", "identity": identity, "ts": 1700000000, "evtName": "Charged"}
    return record | more


def test_without_a_number_the_echoed_record_tells() -> None:
    answer = envelope("partial", 2, refused(522, "Too many", echo("b", evtData={"x": 1})))

    assert read(answer, 3, sent("a", "b", "c")) == Acked((Refusal(1, 522, "Too many"),))


def test_alike_records_without_numbers_are_all_refused_or_in_doubt() -> None:
    once = refused(522, "Too many", echo("a"))
    body = sent("a", "b", "a")

    assert read(envelope("partial", 1, once, once), 3, body) == Acked(
        (Refusal(0, 522, "Too many"), Refusal(2, 522, "Too many"))
    )
    assert isinstance(read(envelope("partial", 2, once), 3, body), Unknown)


def test_a_whole_echo_tells_records_of_one_person_and_moment_apart() -> None:
    body = orjson.dumps({"d": [echo("a", evtData={"n": 1}), echo("a", evtData={"n": 2})]})
    answer = envelope("partial", 1, refused(522, "Too many", echo("a", evtData={"n": 2})))

    assert read(answer, 2, body) == Acked((Refusal(1, 522, "Too many"),))


def test_numbers_and_codes_in_other_spellings() -> None:
    entry = {"code": "516", "error": "No. skipped Record number:2.", "record": {}}

    assert read(envelope("partial", 1, entry), 2) == Acked(
        (Refusal(1, 516, "No. skipped Record number:2."),)
    )


def test_numbers_and_echoes_mixed() -> None:
    numbered = refused(513, "No. Skipped record number : 1", echo("a"))
    nameless = refused(522, "Too many", echo("a"))

    assert read(envelope("partial", 1, nameless, numbered), 3, sent("a", "b", "a")) == Acked(
        (Refusal(0, 513, "No. Skipped record number : 1"), Refusal(2, 522, "Too many"))
    )


@pytest.mark.parametrize("code", [2**31, 2**64, "9" * 5000, -1, None, 5.5, "515a", True])
def test_a_code_that_is_none_is_zero(code: object) -> None:
    entry = {"code": code, "error": "No. Skipped record number : 1"}

    assert read(envelope("fail", 0, entry), 1) == Acked(
        (Refusal(0, 0, "No. Skipped record number : 1"),)
    )


def test_the_last_number_counts_when_a_value_is_quoted_before_it() -> None:
    text = "Email 'Skipped record number : 1' is not valid.Skipped record number : 2"

    assert read(envelope("partial", 1, refused(515, text)), 2) == Acked((Refusal(1, 515, text),))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Skipped record number : 1", 1),
        ("Skipped record number:2 ", 2),
        ("Skipped record number : 2.", 2),
        ("Skipped record number : 1 skipped RECORD number : 2", 2),
        ("Skipped record number : 2 Skipped record number", 2),
        ("Skipped record number Skipped record number \t:\n2", 2),
        ("Skipped record number : ٢", 2),
    ],
)
def test_numbers_as_they_may_be_written(text: str, number: int) -> None:
    answer = envelope("partial", 1, refused(515, text))

    assert read(answer, 2) == Acked((Refusal(number - 1, 515, text),))


DEEP: list[object] = []
for _ in range(300):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(envelope("success", 2), id="too few"),
        pytest.param(envelope("success", 4), id="too many"),
        pytest.param(envelope("partial", -1, *[refused(515, EMAIL)] * 4), id="negative"),
        pytest.param(envelope("partial", 3, refused(515, EMAIL)), id="one counted twice"),
        pytest.param(envelope("partial", 1, *[refused(515, EMAIL)] * 2), id="same number twice"),
        pytest.param(envelope("partial", 2, refused(515, "record number : 4")), id="no number"),
        pytest.param(
            envelope("partial", 2, refused(515, "Skipped record number : 4")), id="beyond the end"
        ),
        pytest.param(
            envelope("partial", 2, refused(515, "Skipped record number : 0")), id="before the start"
        ),
        pytest.param(envelope("partial", 2, "515"), id="no description"),
        pytest.param(envelope("partial", 2, refused(522, "", echo("z"))), id="a stranger echoed"),
        pytest.param(envelope("partial", 2, refused(522, "", {"ts": 1})), id="nobody echoed"),
        pytest.param(envelope("fail", 3), id="failed, yet all processed"),
        pytest.param(envelope("success", 2, refused(515, EMAIL)), id="success, yet one refused"),
        pytest.param(reply(200, {"status": "success"}), id="no count"),
        pytest.param(reply(200, {"status": "success", "processed": True}), id="count is no number"),
        pytest.param(reply(200, {"status": "fail", "error": "?", "code": 2}), id="other error"),
        pytest.param(
            envelope("partial", 2, refused(515, f"Skipped record number : {'9' * 5000}")),
            id="endless number",
        ),
        pytest.param(
            envelope("partial", 2, refused(515, "", echo("a") | {"x": DEEP})), id="deep echo"
        ),
        pytest.param(reply(200, b"<html>Welcome</html>"), id="HTML"),
        pytest.param(reply(200, b'{"status":"success","proc'), id="cut short"),
        pytest.param(reply(200, b"[1]"), id="not an object"),
        pytest.param(reply(204, b""), id="no content"),
        pytest.param(reply(408), id="408"),
        pytest.param(reply(500), id="500"),
        pytest.param(reply(502), id="502"),
        pytest.param(reply(503, retry_after=3.0), id="503"),
        pytest.param(NoReply(HOST, sent=True, why="the connection broke"), id="no reply"),
    ],
)
def test_whatever_leaves_a_doubt_is_unknown(answer: Answer) -> None:
    verdict = read(answer, 3, sent("a", "b", "c"))

    assert isinstance(verdict, Unknown)
    assert verdict.why


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (reply(429, retry_after=7.0), NotTaken("429, too many requests at once", 7.0)),
        (
            reply(200, {"status": "fail", "error": "Too many concurrent requests", "code": 429}),
            NotTaken("429, too many requests at once"),
        ),
        (
            NoReply(HOST, sent=False, why="[Errno 111] Connection refused"),
            NotTaken(
                "cannot reach api.example.test: [Errno 111] Connection refused", reached=False
            ),
        ),
        (
            reply(400, {"status": "fail", "error": "Malformed request", "code": 400}),
            Malformed(400, "Malformed request"),
        ),
        (reply(200, {"status": "fail", "code": 429.0}), NotTaken("429, too many requests at once")),
        (reply(413, b"<html>"), Malformed(413, "HTTP 413")),
        (
            reply(401, {"status": "fail", "error": "Account ID is not valid", "code": 401}),
            Denied(
                "credentials or region refused by api.example.test (HTTP 401); "
                "check the account id, the passcode and the region"
            ),
        ),
        (
            reply(404),
            Denied(
                "api.example.test does not offer CleverTap's API (HTTP 404); "
                "check the region or the API URL"
            ),
        ),
        (
            reply(307),
            Denied(
                "api.example.test redirects (HTTP 307) instead of answering, and records are not "
                "sent to where nobody configured; check the region or the API URL"
            ),
        ),
    ],
)
def test_requests_that_stored_nothing(answer: Answer, verdict: Verdict) -> None:
    assert read(answer, 3) == verdict


def test_every_status_has_a_verdict_and_only_a_success_acks() -> None:
    verdicts = {status: read(reply(status), 3) for status in range(200, 600)}

    assert not any(isinstance(verdict, Acked) for verdict in verdicts.values())


def test_deletions_answer_with_a_status_alone() -> None:
    assert read_status(reply(200, {"status": "success"})) == Acked()
    assert isinstance(read_status(reply(200, {"status": "fail"})), Unknown)
    assert isinstance(read_status(reply(200, b"<html>")), Unknown)
    assert isinstance(read_status(reply(401)), Denied)
    assert isinstance(read_status(reply(500)), Unknown)
    assert isinstance(read_status(reply(200, {"status": "fail", "code": 401.0})), Denied)


@pytest.mark.parametrize(
    "more",
    [
        {"processed": 0, "unprocessed": [{"status": "fail", "code": 526, "error": "?"}]},
        {"error": "identity not found", "code": 404},
    ],
)
def test_a_deletion_that_contradicts_itself_is_unknown(more: dict[str, object]) -> None:
    assert isinstance(read_status(reply(200, {"status": "success"} | more)), Unknown)
    assert read_status(envelope("success", 2)) == Acked()
