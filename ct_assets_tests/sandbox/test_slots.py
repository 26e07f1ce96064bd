import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.settings import Settings
from ct_assets.sandbox.slots import Slots
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import event, profile


def at_once(client: httpx.Client, times: int, path: str = "/1/upload") -> Counter[int]:
    """The statuses of requests that are all in flight before the first is answered."""
    start = threading.Barrier(times)

    def send(number: int) -> int:
        start.wait()
        body = {"d": [event(f"a{number}", "Viewed")], "event_name": "Viewed"}
        return client.post(path, json=body | {"from": 20260101, "to": 20260101}).status_code

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(send, range(times)))


def slowly(sandbox: SandboxInTest, *paths: str) -> None:
    sandbox.faults.replace(Plan(latency_seconds=0.3, paths=paths or ("/1/upload",)))


@pytest.fixture
def wide(clevertap_sandbox: SandboxInTest, client: httpx.Client) -> httpx.Client:
    """As many connections as it takes."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    return httpx.Client(base_url=clevertap_sandbox.url, headers=client.headers, limits=limits)


def test_fifteen_uploads_in_flight(wide: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    slowly(clevertap_sandbox)
    assert at_once(wide, 20) == {200: 15, 429: 5}
    assert clevertap_sandbox.max_in_flight_seen == 15
    assert len(clevertap_sandbox.events()) == 15


def test_the_answer_beyond_the_limit(wide: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.faults.script("429")
    answer = wide.post("/1/upload", json={"d": []})
    assert answer.json() == {"status": "fail", "error": "Too many concurrent requests", "code": 429}
    assert "retry-after" not in answer.headers


def test_a_slot_is_free_before_the_answer_leaves(
    wide: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    """Fifteen senders that send as soon as they were answered never meet a 429."""

    def sender(number: int) -> set[int]:
        record = event(str(number), "Viewed")
        return {wide.post("/1/upload", json={"d": [record]}).status_code for _ in range(20)}

    with ThreadPoolExecutor(15) as pool:
        assert set().union(*pool.map(sender, range(15))) == {200}
    assert clevertap_sandbox.max_in_flight_seen <= 15
    assert len(clevertap_sandbox.events()) == 300


@pytest.mark.parametrize(
    "path", ["/1/delete/profiles.json", "/1/profiles.json", "/get_custom_list_segment_url"]
)
def test_three_of_everything_else(
    wide: httpx.Client, clevertap_sandbox: SandboxInTest, path: str
) -> None:
    slowly(clevertap_sandbox, path)
    assert at_once(wide, 5, path)[429] == 2


def test_no_limit_is_stated_for_subscriptions(
    wide: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    slowly(clevertap_sandbox, "/1/subscribe")
    assert at_once(wide, 20, "/1/subscribe") == {200: 20}


@pytest.mark.parametrize("clevertap_sandbox", [Settings(max_in_flight=3)], indirect=True)
def test_three_uploads_as_of_old(wide: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    slowly(clevertap_sandbox)
    assert at_once(wide, 5) == {200: 3, 429: 2}


@pytest.mark.parametrize(
    "clevertap_sandbox",
    [Settings(max_in_flight=2, share_upload_slots=False)],
    indirect=True,
)
def test_limits_apart_for_each_kind(wide: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    slowly(clevertap_sandbox)
    start = threading.Barrier(6)

    def send(record: object) -> int:
        start.wait()
        return wide.post("/1/upload", json={"d": [record]}).status_code

    with ThreadPoolExecutor(6) as pool:
        found = Counter(pool.map(send, [event("a", "Viewed")] * 3 + [profile("a")] * 3))
    assert found == {200: 4, 429: 2}


def test_a_cooldown_closes_the_door() -> None:
    slots = Slots(cooldown=600)
    assert slots.take("upload", 1, now=0)
    assert not slots.take("upload", 1, now=1)
    slots.give_back("upload")
    assert not slots.take("upload", 1, now=600)
    assert not slots.take("upload", 1, now=1199)
    assert slots.take("other", 1, now=1199)
    assert slots.take("upload", 1, now=1799)
