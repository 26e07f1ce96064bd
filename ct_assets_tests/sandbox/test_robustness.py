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
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct_assets.sandbox import ensure_running, stop
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.server.http_protocol import Protocol
from ct_assets.sandbox.store.sqlite_database import FILE
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.sandbox.requests import accept, event, profile

PATHS = [
    "/1/upload",
    "/1/profile.json",
    "/1/profiles.json",
    "/1/events.json",
    "/1/counts/events.json",
    "/1/counts/profiles.json",
    "/1/delete/profiles.json",
    "/1/demerge/profiles.json",
    "/1/subscribe",
    "/1/disassociate",
    "/get_custom_list_segment_url",
    "/upload_custom_list_segment_completed",
    "/getSchema",
    "/sandbox/lists/x",
    "/sandbox/faults",
    "/sandbox/devices",
    "/sandbox/schema",
    "/sandbox/events",
    *("/", "/profiles", "/profiles/1", "/events", "/schema", "/errors", "/requests", "/settings"),
    "/nothing",
]
KEYS = [
    *("type", "identity", "objectId", "FBID", "GPID", "ts", "evtName", "evtData", "profileData"),
    *("Name", "Email", "Phone", "Gender", "Age", "DOB", "MSG-sms", "Items", "Amount", "p", "q.r"),
    *("$set", "$add", "$remove", "$incr", "$decr", "$delete", "category-unsubscribe"),
    *("d", "value", "status", "tokenData", "id", "keys", "guid", "identities", "event_name"),
    *("from", "to", "event_properties", "name", "operator", "url", "email", "filename", "creator"),
]
VALUES = [
    *("profile", "event", "token", "phone", "email", "Unsubscribe", "Resubscribe", "a", "b", "c"),
    *("Charged", "Viewed", "viewed", "Stayed", "+35922333232", "a@example.test", "$D_1700000000"),
    *("fcm", "equals", "contains", "__a", "$", "", " ", "%", "\x00", "é" * 600, "M", "Y", "School"),
    *(0, 1, -1, 1.5, 1e308, 20260101, 1_700_000_000, 2**53, 2**63 - 1, 2**64 - 1, True, None),
]

leaves = st.sampled_from(VALUES) | st.text(max_size=20) | st.integers(-(2**63), 2**64 - 1)
leaves |= st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
people = st.sampled_from(["a", "b", "c", 4, "+35922333232"])
names = st.sampled_from(["Viewed", "viewed ", "Charged", "Stayed", "&"])
props = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5)
profiles = st.fixed_dictionaries(
    {"type": st.just("profile"), "identity": people, "profileData": props},
    optional={"FBID": people, "objectId": people, "ts": json_values},
)
events = st.fixed_dictionaries(
    {"type": st.just("event"), "identity": people, "evtName": names, "evtData": props},
    optional={"ts": st.integers(0, 10**11)},
)
records = st.lists(profiles | events | json_values, max_size=6)
bodies = (
    st.fixed_dictionaries({"d": records})
    | st.fixed_dictionaries({"identity": people})
    | st.fixed_dictionaries({"identities": st.lists(people, min_size=1, max_size=2)})
    | json_values
)
requests = st.tuples(
    st.sampled_from(["POST", "POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    st.sampled_from(PATHS) | st.sampled_from(["/1/upload"]),
    st.dictionaries(
        st.sampled_from(
            [
                "dryRun",
                "identity",
                "cursor",
                "req_id",
                "query",
                "batch_size",
                "limit",
                "after",
                "type",
                "q",
            ]
        ),
        st.text(max_size=20) | st.sampled_from(["1", "a", "%3D", "{}"]),
        max_size=2,
    ),
)


def is_whole(path: Path) -> bool:
    """SQLite finds nothing wrong, and every event and identifier belongs to a profile."""
    orphans = "select count(*) from {} where pid not in (select pid from profiles)"
    with sqlite3.connect(path) as connection:
        check = connection.execute("pragma integrity_check").fetchone()[0]
        counts = [
            connection.execute(orphans.format(table)).fetchone()[0]
            for table in ("events", "identifiers", "devices", "members")
        ]
    return check == "ok" and counts == [0, 0, 0, 0]


def fuzz(folder: Path, examples: int) -> None:
    plain = Settings(unknown_object_id="create", keep_bodies=1, nested_objects=True)
    with served(folder, plain) as sandbox, credentialed(sandbox) as client:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(request=requests, body=bodies)
        def ask(request: tuple[str, str, dict[str, str]], body: Any) -> None:
            method, path, query = request
            sandbox.faults.clear()
            answer = client.request(method, path, params=query, json=body)
            assert answer.status_code < 500, answer.text

        ask()
        accept(client, profile("after"))
    assert is_whole(folder / FILE)


def credentialed(sandbox: SandboxInTest) -> httpx.Client:
    names = {"Account-Id": sandbox.account_id, "Passcode": sandbox.passcode}
    headers = {f"X-CleverTap-{name}": value for name, value in names.items()}
    return httpx.Client(base_url=sandbox.url, headers=headers, timeout=30)


def test_random_requests(tmp_path: Path) -> None:
    fuzz(tmp_path, 200)


@pytest.mark.bench
def test_ten_thousand_random_requests(tmp_path: Path) -> None:
    fuzz(tmp_path, 10_000)


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
