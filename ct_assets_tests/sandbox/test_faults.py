from collections import Counter

import httpx
import pytest
from pydantic import ValidationError

from ct_assets.sandbox.faults import FAULTS, FaultName, Faults, Plan
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import event, profile

RECORDS = [event("a", "Viewed"), profile("a", {"Age": "x"}), profile("a", {"Age": "y"})]
TRUE_ANSWER = {"status": "partial", "processed": 1}


def send(client: httpx.Client, *records: object, timeout: float = 10) -> httpx.Response:
    return client.post("/1/upload", json={"d": list(records) or RECORDS}, timeout=timeout)


@pytest.mark.parametrize("status", ["500", "502", "503", "504"])
@pytest.mark.parametrize("stored", [False, True])
def test_server_errors(
    client: httpx.Client,
    clevertap_sandbox: SandboxInTest,
    status: str,
    stored: bool,  # noqa: FBT001 - a table
) -> None:
    fault: FaultName = f"{status}-stored" if stored else status  # type: ignore[assignment]  # spelled from its parts
    clevertap_sandbox.faults.script(fault)
    answer = send(client)
    assert (answer.status_code, answer.json()["status"]) == (int(status), "fail")
    assert len(clevertap_sandbox.events()) == (1 if stored else 0)
    (request,) = clevertap_sandbox.requests()
    assert (request.status, request.fault) == (int(status), fault)
    assert send(client).json()["processed"] == 1


@pytest.mark.parametrize(("fault", "events"), [("reset", 0), ("reset-stored", 1)])
def test_resets(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, fault: FaultName, events: int
) -> None:
    clevertap_sandbox.faults.script(fault)
    with pytest.raises(httpx.ReadError):
        send(client)
    assert len(clevertap_sandbox.events()) == events
    (request,) = clevertap_sandbox.requests()
    assert (request.status, request.fault) == (None, fault)


@pytest.mark.parametrize(("fault", "events"), [("timeout", 0), ("timeout-stored", 1)])
def test_timeouts_end_with_the_senders_patience(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, fault: FaultName, events: int
) -> None:
    clevertap_sandbox.faults.script(fault)
    with pytest.raises(httpx.ReadTimeout):
        send(client, timeout=0.1)
    assert len(clevertap_sandbox.events()) == events
    assert send(client).status_code == 200


def test_a_timeout_ends_by_itself(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.replace(Plan(script=("timeout",), hold_seconds=0.01))
    with pytest.raises(httpx.ReadError):
        send(client)


@pytest.mark.parametrize(("fault", "error"), [("400", "Malformed request"), ("403", "Not allowed")])
def test_refused_as_a_whole(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, fault: FaultName, error: str
) -> None:
    clevertap_sandbox.faults.script(fault)
    answer = send(client)
    assert (answer.status_code, answer.json()["error"]) == (int(fault), error)
    assert clevertap_sandbox.events() == []


def test_server_errors_of_single_records(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    clevertap_sandbox.faults.script("555")
    bad = profile("a", {"Age": "x"})
    answer = send(client, event("a", "one"), event("a", "two"), bad, event("a", "three")).json()
    assert answer == {
        "status": "partial",
        "processed": 2,
        "unprocessed": [
            {
                "status": "fail",
                "code": 555,
                "error": "Record was not processed. ErrorCode: 555 - Miscellaneous server error."
                " Skipped record number : 2",
                "record": event("a", "two"),
            },
            {
                "status": "fail",
                "code": 520,
                "error": "Profile data is incorrect. Age is invalid.Skipped record number : 3",
                "record": bad,
            },
        ],
    }
    assert [e.name for e in clevertap_sandbox.events()] == ["one", "three"]


def test_too_many_requests(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.replace(Plan(script=("429",), retry_after=7))
    answer = send(client)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert clevertap_sandbox.events() == []


def test_half_an_answer(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.script("truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        send(client)
    assert len(clevertap_sandbox.events()) == 1


def test_not_json(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.script("not-json")
    answer = send(client)
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")
    assert len(clevertap_sandbox.events()) == 1


def test_redirect(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.script("redirect")
    answer = send(client)
    assert answer.status_code == 307
    assert answer.headers["location"] == "https://elsewhere.invalid/1/upload"
    assert clevertap_sandbox.events() == []


def test_connection_close(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.script("connection-close")
    answer = send(client)
    assert answer.headers["connection"] == "close"
    assert answer.json().items() >= TRUE_ANSWER.items()


def test_a_dripped_answer_is_whole(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.replace(Plan(script=("drip",), drip_seconds=0))
    assert send(client).json().items() >= TRUE_ANSWER.items()


def test_revoked_credentials(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.script("revoked")
    answer = send(client)
    assert answer.json() == {"status": "fail", "error": "Invalid Credentials", "code": 401}


@pytest.mark.parametrize(
    ("fault", "numbers"),
    [
        ("ok", ["1", "2", "3", "4"]),
        ("numbers-shuffled", ["1", "3", "4", "2"]),
        ("numbers-partial", ["1", "", "3", ""]),
        ("numbers-missing", ["", "", "", ""]),
    ],
)
def test_record_numbers(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, fault: FaultName, numbers: list[str]
) -> None:
    clevertap_sandbox.faults.script(fault)
    answer = send(client, *[profile(str(i), {"Age": "x"}) for i in range(4)]).json()
    errors = [refused["error"] for refused in answer["unprocessed"]]
    texts = [error.partition("Skipped record number : ") for error in errors]
    assert [text[2] for text in texts] == numbers
    assert {text[0] for text in texts} == {"Profile data is incorrect. Age is invalid."}


def test_a_script_strikes_one_request_after_the_other(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    clevertap_sandbox.faults.script("ok", "503", "429")
    assert [send(client).status_code for _ in range(5)] == [200, 503, 429, 200, 200]


def test_faults_strike_uploads_alone(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    clevertap_sandbox.faults.script("503")
    assert client.get("/1/profile.json?identity=a").status_code == 200
    assert clevertap_sandbox.faults.left == ("503",)


def dealt(faults: Faults, times: int) -> list[FaultName]:
    return [faults.deal("/1/upload") for _ in range(times)]


def test_chance_is_repeatable() -> None:
    faults = Faults()
    faults.rates({"429": 0.2, "reset": 0.1}, seed=7)
    first = dealt(faults, 10_000)
    faults.rates({"429": 0.2, "reset": 0.1}, seed=7)
    assert dealt(faults, 10_000) == first
    counts = Counter(first)
    assert counts.keys() == {"ok", "429", "reset"}
    assert 1800 < counts["429"] < 2200
    assert 900 < counts["reset"] < 1100


def test_a_script_comes_before_chance() -> None:
    faults = Faults(Plan(rates={"500": 1.0}, script=("ok", "429")))
    assert dealt(faults, 3) == ["ok", "429", "500"]


def test_a_script_may_repeat() -> None:
    faults = Faults()
    faults.script("ok", "503", repeat=True)
    assert dealt(faults, 5) == ["ok", "503", "ok", "503", "ok"]


def test_a_change_keeps_what_is_left_of_the_script() -> None:
    faults = Faults()
    faults.script("ok", "503", "429")
    dealt(faults, 1)
    faults.latency(0.5)
    assert (faults.left, faults.delay()) == (("503", "429"), 0.5)
    faults.clear()
    assert (dealt(faults, 2), faults.delay()) == (["ok", "ok"], 0.0)


def test_jitter_stays_within_bounds() -> None:
    faults = Faults()
    faults.latency(1.0, jitter=0.5)
    delays = [faults.delay() for _ in range(100)]
    assert 1.0 <= min(delays) < 1.1
    assert 1.4 < max(delays) < 1.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"rates": {"429": 0.6, "500": 0.5}},
        {"rates": {"429": -0.1}},
        {"rates": {"418": 0.1}},
        {"script": ["teapot"]},
        {"latency_seconds": -1},
        {"colour": "red"},
    ],
    ids=str,
)
def test_plans_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate(wrong)


def test_every_fault_is_tried_here() -> None:
    tried = {
        "400",
        "403",
        "429",
        "555",
        "truncated",
        "not-json",
        "redirect",
        "connection-close",
        "drip",
        "revoked",
    }
    tried |= {f"{status}{stored}" for status in range(500, 505) for stored in ("", "-stored")}
    tried |= {"ok", "reset", "reset-stored", "timeout", "timeout-stored"}
    tried |= {"numbers-shuffled", "numbers-partial", "numbers-missing"}
    assert set(FAULTS) <= tried
