from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import accept, event, object_id_of, profile

NOON = 1_700_049_600  # 2023-11-15 12:00:00 UTC
DAY = {"event_name": "Viewed", "from": 20231115, "to": 20231115}


def opened(client: httpx.Client, kind: str, query: dict[str, Any], **params: str) -> str:
    answer = client.post(f"/1/{kind}.json", params=params, json=query).json()
    assert answer["status"] == "success", answer
    cursor: str = answer["cursor"]
    return cursor


def page(client: httpx.Client, kind: str, cursor: str) -> Any:
    """Clients decode the cursor, which comes percent-encoded, and encode it once."""
    return client.get(f"/1/{kind}.json", params={"cursor": unquote(cursor)}).json()


def everything(client: httpx.Client, kind: str, query: dict[str, Any], size: int) -> list[Any]:
    cursor, found = opened(client, kind, query, batch_size=str(size)), []
    while cursor:
        answer = page(client, kind, cursor)
        assert len(answer["records"]) <= size
        found += answer["records"]
        cursor = answer.get("next_cursor", "")
    return found


def test_an_event_is_exported_as_clevertap_does(client: httpx.Client) -> None:
    accept(
        client,
        profile("a", {"Email": "a@example.test", "tier": "gold"}),
        event("a", "Viewed", {"n": 1}, ts=NOON),
    )
    answer = page(client, "events", opened(client, "events", DAY))
    assert answer == {
        "status": "success",
        "records": [
            {
                "profile": {
                    "platform": "Web",
                    "objectId": object_id_of(client, "a"),
                    "email": "a@example.test",
                    "identity": "a",
                    "profileData": {"tier": "gold"},
                    "id": "1",
                },
                "ts": 20231115120000,
                "event_props": {"n": 1},
                "session_props": {},
            }
        ],
    }


def test_a_profile_is_exported_as_clevertap_does(client: httpx.Client) -> None:
    accept(client, profile("a", {"tier": "gold"}), event("a", "Viewed", ts=NOON))
    device = {"platform": "Web", "objectId": object_id_of(client, "a")}
    answer = page(client, "profiles", opened(client, "profiles", DAY))
    assert answer["records"] == [
        {"identity": "a", "profileData": {"tier": "gold"}, "platformInfo": [device]}
    ]
    fewer = opened(client, "profiles", DAY, profile="false", app="false", events="true")
    assert page(client, "profiles", fewer)["records"] == [
        {"identity": "a", "events": {"Viewed": {"count": 1, "first_seen": NOON, "last_seen": NOON}}}
    ]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_hold_everything_once(client: httpx.Client, size: int) -> None:
    accept(client, *[event(f"p{i % 3}", "Viewed", {"i": i}, ts=NOON - i) for i in range(7)])
    events = everything(client, "events", DAY, size)
    assert [one["event_props"]["i"] for one in events] == list(range(7))
    profiles = everything(client, "profiles", DAY, size)
    assert [one["identity"] for one in profiles] == ["p0", "p1", "p2"]


@pytest.mark.parametrize("kind", ["events", "profiles"])
def test_the_way_back(client: httpx.Client, kind: str) -> None:
    accept(client, *[event(f"p{i}", "Viewed", ts=NOON) for i in range(5)])
    first = page(client, kind, opened(client, kind, DAY, batch_size="2"))
    second = page(client, kind, first["next_cursor"])
    third = page(client, kind, second["next_cursor"])
    assert "previous_cursor" not in first
    assert "next_cursor" not in third
    assert page(client, kind, second["previous_cursor"])["records"] == first["records"]
    assert page(client, kind, third["previous_cursor"])["records"] == second["records"]


def test_days_are_inclusive(client: httpx.Client) -> None:
    moments = {"before": NOON - 43_201, "first": NOON - 43_200, "last": NOON + 43_199}
    moments["after"] = NOON + 43_200
    accept(client, *[event(who, "Viewed", ts=ts) for who, ts in moments.items()])
    found = everything(client, "profiles", DAY, 10)
    assert [one["identity"] for one in found] == ["first", "last"]


@pytest.mark.parametrize("clevertap_sandbox", [Settings(time_zone="Asia/Kolkata")], indirect=True)
def test_times_are_the_projects(client: httpx.Client) -> None:
    accept(client, event("a", "Viewed", ts=NOON), event("b", "Viewed", ts=NOON + 43_199))
    (found,) = everything(client, "events", DAY, 10)
    assert found["ts"] == 20231115173000


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"name": "n", "operator": "equals", "value": 2}, [2]),
        ({"name": "n", "operator": "equals", "value": [1, 3]}, [1, 3]),
        ({"name": "n", "operator": "not_equals", "value": 2}, [1, 3]),
        ({"name": "n", "operator": "less_than", "value": 2}, [1]),
        ({"name": "n", "operator": "greater_than", "value": "1"}, [2, 3]),
        ({"name": "n", "operator": "greater_than", "value": "x"}, []),
        ({"name": "t", "operator": "contains", "value": "two"}, [2]),
        ({"name": "t", "operator": "not_contains", "value": "two"}, [1, 3]),
        ({"name": "missing", "operator": "not_equals", "value": 2}, []),
        ({"name": "n", "value": 3}, [3]),
    ],
)
def test_properties_narrow_the_question(
    client: httpx.Client, condition: dict[str, Any], found: list[int]
) -> None:
    names = {1: "one", 2: "twenty-two", 3: "three"}
    accept(client, *[event("a", "Viewed", {"n": n, "t": t}, ts=NOON) for n, t in names.items()])
    records = everything(client, "events", DAY | {"event_properties": [condition]}, 10)
    assert [one["event_props"]["n"] for one in records] == found


def test_profile_fields_narrow_the_question(client: httpx.Client) -> None:
    accept(client, profile("a", {"tier": "gold"}), profile("b", {"tier": "tin"}))
    accept(client, event("a", "Viewed", ts=NOON), event("b", "Viewed", ts=NOON))
    fields = {"profile_fields": [{"name": "tier", "operator": "equals", "value": "gold"}]}
    found = everything(client, "events", DAY | {"common_profile_properties": fields}, 10)
    assert [one["profile"]["identity"] for one in found] == ["a"]


def test_counts(client: httpx.Client) -> None:
    accept(client, *[event(who, "Viewed", ts=NOON) for who in "aab"])
    counts = [client.post(f"/1/counts/{kind}.json", json=DAY).json() for kind in KINDS]
    assert counts == [{"status": "success", "count": 3}, {"status": "success", "count": 2}]
    assert client.post("/1/counts/events.json", json={}).status_code == 400


KINDS = ("events", "profiles")


@pytest.mark.parametrize(
    "cursor", ["", "x", "eyJhIjoxfQ==", opened.__name__, "%E2%82%AC"], ids=repr
)
def test_a_cursor_that_is_none(client: httpx.Client, cursor: str) -> None:
    expected = {"status": "fail", "error": "Incorrect Usage", "code": 3}
    assert page(client, "events", cursor) == expected


def test_a_cursor_encoded_twice(client: httpx.Client) -> None:
    cursor = opened(client, "events", DAY)
    assert cursor.endswith("%3D%3D")
    assert client.get(f"/1/events.json?cursor={quote(cursor)}").json()["code"] == 3
    assert client.get(f"/1/events.json?cursor={cursor}").json()["status"] == "success"


def test_a_cursor_of_the_other_export(client: httpx.Client) -> None:
    assert page(client, "profiles", opened(client, "events", DAY))["code"] == 3


@pytest.mark.parametrize(("kind", "hours"), [("events", 1), ("profiles", 96)])
def test_cursors_expire_unused(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, kind: str, hours: int
) -> None:
    sandbox = clevertap_sandbox.sandbox
    sandbox.clock = lambda: NOON
    cursor = opened(client, kind, DAY)
    sandbox.clock = lambda: NOON + hours * 3600
    assert page(client, kind, cursor)["status"] == "success"
    sandbox.clock = lambda: NOON + hours * 3600 + 1
    assert page(client, kind, cursor)["code"] == 3


def test_cursors_in_use_last_for_four_hours(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    sandbox = clevertap_sandbox.sandbox
    sandbox.clock = lambda: NOON
    accept(client, *[event(f"p{i}", "Viewed", ts=NOON) for i in range(9)])
    cursor = opened(client, "events", DAY, batch_size="1")
    for hour in range(1, 5):
        sandbox.clock = lambda hour=hour: NOON + hour * 3600  # type: ignore[misc]  # bound here
        cursor = page(client, "events", cursor)["next_cursor"]
    sandbox.clock = lambda: NOON + 4 * 3600 + 1
    assert page(client, "events", cursor)["code"] == 3


@pytest.mark.parametrize("clevertap_sandbox", [Settings(export_delay_seconds=3)], indirect=True)
def test_a_count_in_progress(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    sandbox = clevertap_sandbox.sandbox
    sandbox.clock = lambda: NOON
    accept(client, event("a", "Viewed", ts=NOON))
    begun = client.post("/1/counts/events.json", json=DAY).json()
    assert begun == {"status": "partial", "req_id": begun["req_id"]}
    again = client.get("/1/counts/events.json", params={"req_id": begun["req_id"]}).json()
    assert again == begun
    sandbox.clock = lambda: NOON + 3
    done = client.get("/1/counts/events.json", params={"req_id": begun["req_id"]}).json()
    assert done == {"status": "success", "count": 1}


def test_names_of_the_schema(client: httpx.Client) -> None:
    accept(client, profile("a", {"tier": "gold", "age": 7}), event("a", "Viewed"), event("a", "X"))
    found = [client.get("/getSchema", params={"type": kind}).json() for kind in NAMED]
    assert found == [
        {"status": "success", "events": [{"name": "Viewed"}, {"name": "X"}]},
        {
            "status": "success",
            "userProperties": [
                {"name": "age", "type": "Integer"},
                {"name": "tier", "type": "String"},
            ],
        },
    ]


NAMED = ("events", "userProperties")


@pytest.mark.parametrize("clevertap_sandbox", [Settings(export_delay_seconds=3)], indirect=True)
def test_an_export_in_progress(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    sandbox = clevertap_sandbox.sandbox
    sandbox.clock = lambda: NOON
    cursor = opened(client, "events", DAY)
    assert page(client, "events", cursor) == {
        "status": "fail",
        "error": "Request still in progress, please retry later",
        "code": 2,
    }
    sandbox.clock = lambda: NOON + 3
    assert page(client, "events", cursor) == {"status": "success", "records": []}


@pytest.mark.parametrize(
    ("query", "params", "error"),
    [
        ({}, {}, "event_name is required"),
        (DAY | {"event_name": ""}, {}, "event_name is required"),
        ({"event_name": "x", "to": 20231115}, {}, "from needs to be a date as YYYYMMDD"),
        (DAY | {"to": "tomorrow"}, {}, "to needs to be a date as YYYYMMDD"),
        (DAY | {"to": 20231131}, {}, "to needs to be a date as YYYYMMDD"),
        (DAY | {"event_name": "Notification Sent"}, {}, "Export not allowed for this event"),
        (DAY, {"batch_size": "5001"}, "batch_size needs to be 1 to 5000"),
        (DAY, {"batch_size": "0"}, "batch_size needs to be 1 to 5000"),
        (DAY, {"batch_size": "²"}, "batch_size needs to be 1 to 5000"),
        (DAY | {"event_properties": 5}, {}, "a property takes name, operator and value"),
        (DAY | {"event_properties": [5]}, {}, "a property takes name, operator and value"),
        ([], {}, "Malformed request"),
    ],
)
def test_questions_that_make_no_sense(
    client: httpx.Client, query: object, params: dict[str, str], error: str
) -> None:
    answer = client.post("/1/events.json", params=params, json=query)
    assert answer.status_code == 400
    assert answer.json() == {"status": "fail", "error": error, "code": 400}


def test_opening_with_get(client: httpx.Client) -> None:
    query = '{"event_name":"Viewed","from":20231115,"to":20231115}'
    answer = client.get("/1/events.json", params={"query": query, "batch_size": "10"}).json()
    assert page(client, "events", answer["cursor"]) == {"status": "success", "records": []}


@pytest.mark.parametrize("day", [10101, "99991231", "00010101"])
def test_the_ends_of_time(client: httpx.Client, day: object) -> None:
    answer = client.post("/1/events.json", json={"event_name": "x", "from": day, "to": day})
    assert answer.status_code in (200, 400)
