from typing import Any

import httpx
import pytest

from ct_assets.sandbox.server.origin_guard import allowed, is_loopback
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import accept, event, profile

SWITCHES = [
    ("PUT", "/sandbox/faults"),
    ("DELETE", "/sandbox/faults"),
    ("POST", "/sandbox/devices"),
    ("POST", "/faults"),
]


@pytest.fixture
def port(clevertap_sandbox: SandboxInTest) -> str:
    return clevertap_sandbox.url.rpartition(":")[2]


def test_health(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    answer = client.get("/sandbox/health").json()
    assert answer["id"] == clevertap_sandbox.id
    assert len(clevertap_sandbox.id) == 8


def test_settings_do_not_show_the_passcode(client: httpx.Client) -> None:
    answer = client.get("/sandbox/settings").json()
    assert answer["max_in_flight"] == 15
    assert "passcode" not in answer


def test_faults_while_running(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    plan = {"script": ["503", "ok"], "rates": {"429": 1.0}}
    answer = client.put("/sandbox/faults", json=plan)
    assert answer.json()["plan"]["rates"] == {"429": 1.0}
    found = [client.post("/1/upload", json={"d": []}).status_code for _ in range(3)]
    assert found == [503, 200, 429]
    assert client.get("/sandbox/faults").json()["left"] == []
    client.delete("/sandbox/faults")
    assert client.post("/1/upload", json={"d": []}).status_code == 200
    assert clevertap_sandbox.faults.plan.rates == {}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"rates": {"429": 2}}', "body: rates are probabilities"),
        ('{"script": ["teapot"]}', "script.0: Input should be 'ok'"),
        ("nonsense", "body: Invalid JSON"),
    ],
)
def test_faults_that_make_no_sense(client: httpx.Client, body: str, error: str) -> None:
    answer = client.put("/sandbox/faults", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(error)


def test_devices_need_an_id(client: httpx.Client) -> None:
    answer = client.post("/sandbox/devices", json={"identity": "a"})
    assert answer.json()["error"] == "objectId: Field required"


def test_what_is_stored_comes_in_pages(client: httpx.Client) -> None:
    accept(client, *[event("a", "Viewed", {"n": n}, ts=5) for n in range(5)])
    first = client.get("/sandbox/events", params={"limit": 3}).json()
    then = client.get("/sandbox/events", params={"limit": 3, "after": first[-1]["seq"]}).json()
    assert [row["props"]["n"] for row in first + then] == [0, 1, 2, 3, 4]
    assert first[0].keys() == {
        *("seq", "request", "position", "pid", "name", "ts", "received", "props", "identifiers")
    }
    (who,) = client.get("/sandbox/profiles").json()
    assert who["identifiers"][0].startswith("identity:a") or who["identifiers"][1] == "identity:a"


def test_the_log(client: httpx.Client) -> None:
    accept(client, profile("a"))
    client.get("/1/profile.json?identity=a")
    upload, read = client.get("/sandbox/requests").json()
    assert {key: upload[key] for key in ("number", "method", "path", "status", "records")} == {
        "number": 1,
        "method": "POST",
        "path": "/1/upload",
        "status": 200,
        "records": 1,
    }
    assert upload["body"].startswith('{"d":[')
    assert upload["answer"] == '{"status":"success","processed":1,"unprocessed":[]}'
    assert (read["path"], read["query"]) == ("/1/profile.json", "identity=a")


def test_numbers_that_are_none(client: httpx.Client) -> None:
    for query in ("limit=x", "limit=-1", "after=99999999999999999999", "limit=²"):
        assert client.get(f"/sandbox/events?{query}").json() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_other_sites_switch_nothing(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, headers: dict[str, str]
) -> None:
    before = clevertap_sandbox.faults.plan
    for method, path in SWITCHES:
        answer = client.request(method, path, headers=headers, json={"rates": {"500": 1.0}})
        assert answer.status_code == 403
    assert clevertap_sandbox.faults.plan == before


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.7", "", "[::2]:80"])
def test_names_that_are_not_loopback_are_refused(client: httpx.Client, host: str) -> None:
    for path in ("/", "/sandbox/profiles", "/sandbox/health", "/1/profile.json", "/nothing"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert answer.json()["error"] == "The sandbox answers to loopback names only"


def test_its_own_page_may_switch(client: httpx.Client, port: str) -> None:
    own = {"Origin": f"http://localhost:{port}", "Host": f"localhost:{port}"}
    answer = client.put("/sandbox/faults", headers=own, json={})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),
        ("10.0.0.7", False),
        ("", False),
    ],
)
def test_is_loopback(host: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"host": "a:1", "origin": "http://a:1"}, True),
        ({"host": "a:1", "origin": "http://a:2"}, False),
        ({"host": "a:1", "origin": "http://[a"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "host": "a", "origin": "http://a"}, False),
    ],
)
def test_allowed(headers: dict[str, str], expected: bool) -> None:  # noqa: FBT001 - a table
    assert allowed(headers) is expected


def test_the_page_is_there(client: httpx.Client) -> None:
    answer: Any = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
