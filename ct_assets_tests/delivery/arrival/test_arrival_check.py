"""What is acknowledged and lost in silence is found, and named by field and kind."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import Limits
from ct_assets.delivery import DeliveryResult
from ct_assets.delivery.arrival.arrival_check import Arrival, ArrivalCheck
from ct_assets.delivery.arrival.losses import Loss
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.delivery.kit import EVENTS, IMPATIENT, PROFILES, Row, Sync, event, profile
from ct_assets_tests.delivery.segment_kit import Heard, ListServer, SegmentSync, list_server

DAY = 86_400


class NoWait:
    def now(self) -> float:
        return 0.0

    def wait(self, event: threading.Event, seconds: float) -> None: ...


def checking(client: Client, sample: int = 200) -> ArrivalCheck:
    return ArrivalCheck(
        client=client, sample=sample, retry=IMPATIENT, clock=NoWait(), stop=threading.Event()
    )


def of_profiles(sync: Sync, rows: list[Row], sample: int = 200) -> tuple[DeliveryResult, Arrival]:
    request = sync.request(rows)
    with Client(sync.destination) as sync.client:
        result = sync.send(request)
        return result, checking(sync.client, sample).of_profiles(request.valid, result)


def written_by_the_app(sandbox: SandboxInTest, **data: object) -> None:
    headers = {
        "X-CleverTap-Account-Id": sandbox.account_id,
        "X-CleverTap-Passcode": sandbox.passcode,
    }
    record = {"type": "profile", "identity": "somebody else", "profileData": data}
    httpx.post(f"{sandbox.url}/1/upload", json={"d": [record]}, headers=headers).raise_for_status()


def test_each_silent_loss_of_profiles_is_named(tmp_path: Path) -> None:
    settings = Settings(discarded_properties=frozenset({"City"}), limits=Limits(value_bytes=10))
    (tmp_path / "sandbox").mkdir()
    with served(tmp_path / "sandbox", settings) as sandbox:
        written_by_the_app(sandbox, Visits="many")
        fields: dict[str, Any] = {
            "City": "Rome",
            "Visits": 7,
            "Note": "a long note",
            "Plan": "gold",
            "Age": 30,
        }
        _, arrival = of_profiles(
            Sync(tmp_path, PROFILES, sandbox), [profile(str(n), **fields) for n in range(3)]
        )

    assert arrival == Arrival(
        3,
        (
            Loss("City", "dropped", 3, 3),
            Loss("Note", "truncated", 3, 3),
            Loss("Visits", "type_locked", 3, 3),
        ),
    )


def test_what_clevertap_writes_otherwise_is_no_loss(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    fields: dict[str, Any] = {
        "Name": "Ann",
        "Email": "ann@example.org",
        "Phone": "+390212345678",
        "DOB": "$D_631152000",
        "MSG-email": True,
        "Score": 5.0,
        "Tags": ["a", "b"],
    }
    _, arrival = of_profiles(Sync(tmp_path, PROFILES, clevertap_sandbox), [profile("1", **fields)])

    assert arrival == Arrival(1)


def test_what_the_app_wrote_since_is_no_loss(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    sync = Sync(tmp_path, PROFILES, clevertap_sandbox)
    request = sync.request([profile("somebody else", Plan="gold")])
    with Client(sync.destination) as sync.client:
        result = sync.send(request)
        written_by_the_app(clevertap_sandbox, Plan="silver")
        arrival = checking(sync.client).of_profiles(request.valid, result)

    assert arrival == Arrival(1)


def test_a_sample_is_read_and_of_the_refused_nobody(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    rows = [profile(str(n), Plan="x") for n in range(30)] + [profile("bad", Email="1234")]
    result, arrival = of_profiles(Sync(tmp_path, PROFILES, clevertap_sandbox), rows, sample=5)

    read = [r for r in clevertap_sandbox.requests() if r.path == "/1/profile.json"]
    assert (result.counts.refused, arrival, len(read)) == (1, Arrival(5), 5)
    assert "identity=bad" not in [request.query for request in read]


@pytest.fixture
def server() -> Iterator[ListServer]:
    with list_server() as opened:
        yield opened


def clevertap(counts: dict[str, Any]) -> Any:
    """Acknowledges each event, and counts those of a name as told; an odd one is not finished."""
    asked: list[str] = []

    def script(heard: Heard) -> tuple[int, object]:
        if heard.path == "/1/upload":
            records = len(json.loads(heard.body)["d"])
            return 200, {"status": "success", "processed": records, "unprocessed": []}
        asked.append(heard.path)
        if heard.method == "POST" and len(asked) == 1:
            return 200, {"status": "partial", "req_id": "a b"}
        name = json.loads(heard.body)["event_name"] if heard.body else "Bought"
        return 200, {"status": "success", "count": counts[name]}

    return script


def of_events(tmp_path: Path, server: ListServer, rows: list[Row]) -> Arrival:
    sync = SegmentSync(tmp_path, server, EVENTS)
    request = sync.request(rows)
    with Client(sync.destination) as sync.client:
        result = sync.send(request)
        return checking(sync.client).of_events(request.valid, result)


def test_events_that_are_counted_by_name_and_day(tmp_path: Path, server: ListServer) -> None:
    server.script = clevertap({"Bought": 1})
    rows = [
        event("a", ts=1_700_000_000),
        event("b", ts=1_700_000_001),
        event("c", ts=1_700_000_000 + 40 * DAY),
    ]
    arrival = of_events(tmp_path, server, rows)

    asked = [(h.method, h.path, h.body.decode()) for h in server.heard[1:]]
    assert asked == [
        (
            "POST",
            "/1/counts/events.json",
            '{"event_name":"Bought","from":20231113,"to":20231115}',
        ),
        ("GET", "/1/counts/events.json?req_id=a+b", ""),
        (
            "POST",
            "/1/counts/events.json",
            '{"event_name":"Bought","from":20231223,"to":20231225}',
        ),
    ]
    assert arrival == Arrival(2, (Loss("Bought of 2023-11-14", "discarded", 1, 2),))


def test_a_count_that_clevertap_does_not_give(tmp_path: Path, server: ListServer) -> None:
    def script(heard: Heard) -> tuple[int, object]:
        if heard.path == "/1/upload":
            return 200, {"status": "success", "processed": 1, "unprocessed": []}
        return 403, {"status": "fail", "error": "not allowed", "code": 403}

    server.script = script
    arrival = of_events(tmp_path, server, [event("a")])

    assert (arrival.looked, arrival.losses) == (0, ())
    assert str(arrival.why).startswith("CleverTap does not say what it has: credentials or region")
