import pytest

from ct_assets.clevertap.client import Answer, NoReply
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
from ct_assets_tests.clevertap.replies import EMAIL, HOST, echo, envelope, refused, reply, sent


def test_all_stored_in_either_spelling() -> None:
    spaced = b'{ "status" : "success" , "processed" : 3 , "unprocessed" : [ ]}'

    assert read(envelope("success", 3), 3) == Acked()
    assert read(reply(200, spaced), 3) == Acked()
    assert read(reply(202, spaced), 3) == Acked()


def test_all_refused() -> None:
    assert read(envelope("fail", 0, refused(515, EMAIL)), 1) == Acked((Refusal(0, 515, EMAIL),))


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
