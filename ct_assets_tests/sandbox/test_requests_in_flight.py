import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.requests_in_flight import RequestsInFlight
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import event, profile

UPLOAD = "/1/upload"


@contextlib.contextmanager
def held(
    sandbox: SandboxInTest, times: int, path: str = UPLOAD, record: dict[str, object] | None = None
) -> Iterator[None]:
    """As many requests in flight as the sandbox lets in, for as long as the block lasts."""
    shared = sandbox.sandbox.settings.share_upload_slots
    slot = path if shared or record is None else f"{path} {record['type']}"
    plan = Plan(script=("timeout",) * times, paths=(path,))
    sandbox.faults.replace(plan)
    body = json.dumps({"d": [record] if record else []})
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        "X-CleverTap-Account-Id: SANDBOX\r\nX-CleverTap-Passcode: sandbox\r\n\r\n"
    )
    url = urlsplit(sandbox.url)
    with contextlib.ExitStack() as connections:
        for _ in range(times):
            connection = socket.create_connection((url.hostname or "", url.port or 0))
            connections.enter_context(contextlib.closing(connection))
            connection.sendall((head + body).encode())
        _until(sandbox, slot, times)
        yield
    _until(sandbox, slot, 0)


def _until(sandbox: SandboxInTest, slot: str, times: int) -> None:
    """Waits for what the sandbox itself counts."""
    waiting = threading.Event()
    for _ in range(3000):
        if sandbox.sandbox.slots.in_flight(slot) == times:
            return
        waiting.wait(0.01)
    raise TimeoutError(f"never {times} in flight")


def status(client: httpx.Client, path: str = UPLOAD, record: object = None) -> int:
    return client.post(path, json={"d": [record] if record else []}).status_code


@pytest.fixture
def wide(clevertap_sandbox: SandboxInTest, client: httpx.Client) -> httpx.Client:
    """As many connections as it takes."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    return httpx.Client(base_url=clevertap_sandbox.url, headers=client.headers, limits=limits)


def test_fifteen_uploads_in_flight(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    with held(clevertap_sandbox, 15):
        assert status(client) == 429
    assert status(client) == 200
    assert clevertap_sandbox.max_in_flight_seen == 15


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
    client: httpx.Client, clevertap_sandbox: SandboxInTest, path: str
) -> None:
    with held(clevertap_sandbox, 3, path):
        assert status(client, path) == 429
        assert status(client) == 200
    assert status(client, path) != 429


def test_no_limit_is_stated_for_subscriptions(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    with held(clevertap_sandbox, 20, "/1/subscribe"):
        assert status(client, "/1/subscribe") == 200


@pytest.mark.parametrize("clevertap_sandbox", [Settings(max_in_flight=3)], indirect=True)
def test_three_uploads_as_of_old(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    with held(clevertap_sandbox, 3):
        assert status(client) == 429


@pytest.mark.parametrize(
    "clevertap_sandbox",
    [Settings(max_in_flight=2, share_upload_slots=False)],
    indirect=True,
)
def test_limits_apart_for_each_kind(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    with held(clevertap_sandbox, 2, UPLOAD, event("a", "Viewed")):
        assert status(client, UPLOAD, event("b", "Viewed")) == 429
        assert status(client, UPLOAD, profile("b")) == 200


def test_a_cooldown_closes_the_door() -> None:
    slots = RequestsInFlight(cooldown=600)
    assert slots.take("upload", 1, now=0)
    assert not slots.take("upload", 1, now=1)
    slots.give_back("upload")
    assert not slots.take("upload", 1, now=600)
    assert not slots.take("upload", 1, now=1199)
    assert slots.take("other", 1, now=1199)
    assert slots.take("upload", 1, now=1799)
