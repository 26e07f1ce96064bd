"""After any input the sandbox answers the next request, and its file stays whole."""

import itertools
import os
import signal
import socket
import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from ct_assets.sandbox import ensure_running, stop
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.server.http_protocol import Protocol
from ct_assets.sandbox.store.sqlite_database import FILE
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.sandbox.requests import accept, event, profile
from ct_assets_tests.sandbox.served_kit import credentialed, is_whole


def raw(sandbox: SandboxInTest) -> socket.socket:
    url = urlsplit(sandbox.url)
    return socket.create_connection((url.hostname or "", url.port or 0), timeout=10)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"POST /1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /1/upload HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /1/profile.json?identity=%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /1/profile.json HTTP/1.1\r\nHost: localhost\r\nX-CleverTap-Passcode: \xff\r\n\r\n",
        bytes(range(256)) * 100,
    ],
    ids=lambda sent: repr(sent[:30]),
)
def test_garbage_on_the_wire(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, sent: bytes
) -> None:
    with raw(clevertap_sandbox) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
    accept(client, profile("a"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"d":' * 5_000,
        b'{"d":[{"type":"profile","identity":"\\ud800"}]}',
        b'{"d":[NaN]}',
        b'{"d":[1e999]}',
        b'{"d":[' + b"9" * 5_000 + b"]}",
        b"\x00" * 1000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_garbage_json(client: httpx.Client, body: bytes) -> None:
    assert client.post("/1/upload", content=body).status_code in (200, 400)
    accept(client, profile("a"))


HUGE = 100 * 1024 * 1024


@pytest.mark.parametrize("clevertap_sandbox", [Settings(keep_bodies=1)], indirect=True)
@pytest.mark.parametrize(
    ("start", "end", "status"),
    [(b"", b"", 400), (b'{"d":[{"type":"event","identity":"a","evtName":"', b'"}]}', 200)],
    ids=["nonsense", "one long name"],
)
def test_a_body_of_a_hundred_megabytes(
    client: httpx.Client, start: bytes, end: bytes, status: int
) -> None:
    body = start + b"x" * (HUGE - len(start) - len(end)) + end
    assert client.post("/1/upload", content=body, timeout=60).status_code == status
    accept(client, profile("a"))


@pytest.mark.parametrize("clevertap_sandbox", [Settings(body_seconds=0.05)], indirect=True)
def test_a_body_that_never_ends_frees_its_slot(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    head = (
        "POST /1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        "X-CleverTap-Account-Id: SANDBOX\r\nX-CleverTap-Passcode: sandbox\r\n\r\n{"
    )
    slow = [raw(clevertap_sandbox) for _ in range(15)]
    for connection in slow:
        connection.sendall(head.encode())
    for connection in slow:
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
        connection.close()
    accept(client, profile("a"))


def test_a_head_that_never_ends_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Protocol, "head_seconds", 0.05)
    with served(tmp_path) as sandbox, credentialed(sandbox) as client:
        slow = [raw(sandbox) for _ in range(50)]
        for connection in slow[1:]:
            connection.sendall(b"POST /1/upload HTTP/1.1\r\nHost: loc")
        assert [connection.recv(10) for connection in slow] == [b""] * 50
        accept(client, profile("a"))
        for connection in slow:
            connection.close()


def test_a_sender_that_hangs_up_midway(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    head = b"POST /1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    keys = b"X-CleverTap-Account-Id: SANDBOX\r\nX-CleverTap-Passcode: sandbox\r\n\r\n"
    for _ in range(20):
        with raw(clevertap_sandbox) as connection:
            connection.sendall(head + keys + b'{"d":[')
    # Their slots are free as soon as the sandbox has noticed.
    assert 200 in (client.post("/1/upload", json={"d": []}).status_code for _ in range(1000))


def _send_until_cut(url: str, sender: str, under_way: threading.Event) -> list[str]:
    """Whose events were answered: each upload has twenty of one person."""
    keys = {"X-CleverTap-Account-Id": "SANDBOX", "X-CleverTap-Passcode": "sandbox"}
    answered: list[str] = []
    with httpx.Client(base_url=url, headers=keys) as client, suppress(httpx.TransportError):
        for number in itertools.count():
            who = f"{sender}-{number}"
            accept(client, *[event(who, "Viewed") for _ in range(20)])
            answered.append(who)
            if number == 5:
                under_way.set()
    return answered


def _stored(path: Path) -> Counter[str]:
    with closing(sqlite3.connect(path)) as connection:
        return Counter(
            dict(
                connection.execute(
                    "select value, count(*) from events join identifiers using (pid)"
                    " where kind = 'identity' group by value"
                )
            )
        )


def test_killed_while_storing(tmp_path: Path) -> None:
    """Answered uploads are stored, no upload is stored in part, and the file is whole."""
    answered: list[str] = []
    for life in range(2):
        address, under_way = ensure_running(tmp_path), threading.Event()
        with ThreadPoolExecutor(4) as pool:
            names = [f"{life}-{number}" for number in range(4)]
            senders = [pool.submit(_send_until_cut, address.url, n, under_way) for n in names]
            assert under_way.wait(30)
            os.kill(address.pid, signal.SIGKILL)
            answered += [who for sender in senders for who in sender.result()]
    ensure_running(tmp_path)
    stop(tmp_path)
    stored = _stored(tmp_path / "sandbox" / FILE)
    assert set(answered) <= set(stored)
    assert set(stored.values()) == {20}
    assert is_whole(tmp_path / "sandbox" / FILE)
