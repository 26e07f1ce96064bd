"""Each policy that CleverTap's documentation leaves open, set to something else."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import (
    accept,
    codes,
    data_of,
    errors,
    event,
    given,
    object_id_of,
    profile,
    read,
    upload,
)


@given(max_records=2, max_tokens=1)
def test_limits_of_records(client: httpx.Client) -> None:
    accept(client, profile("a"), profile("b"))
    answer = client.post("/1/upload", json={"d": [profile("a")] * 3})
    assert answer.json()["error"] == "Too many records: 3, the limit is 2"
    token = {"type": "token", "objectId": "__a", "tokenData": {"id": "t", "type": "fcm"}}
    answer = client.post("/1/upload", json={"d": [token] * 2})
    assert answer.json()["error"] == "Too many tokens: 2, the limit is 1"


@given(limits=Limits(event_fields=2), event_property_overflow="drop")
def test_surplus_event_properties_may_be_dropped(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, event("a", "Viewed", {"x": 1, "y": 2, "z": 3}))
    assert [e.props for e in clevertap_sandbox.events()] == [{"x": 1, "y": 2}]
    assert errors(client) == [("too_many_properties", "z", "dropped")]


@given(limits=Limits(event_fields=2))
def test_event_properties_per_account(client: httpx.Client) -> None:
    assert codes(upload(client, event("a", "Viewed", {"x": 1, "y": 2, "z": 3}))) == [522]


@given(max_timestamp=2_000_000_000)
def test_latest_timestamp(client: httpx.Client) -> None:
    assert codes(upload(client, event("a", "x", ts=2_000_000_001))) == [525]


@given(reserved_events=frozenset({"Mine"}))
def test_reserved_events(client: httpx.Client) -> None:
    answer = upload(client, event("a", "MINE"), event("a", "Web Page Viewed"))
    assert codes(answer) == [513]


@given(discarded_events=frozenset({"Product Viewed"}))
def test_discarded_events(client: httpx.Client) -> None:
    answer = upload(client, event("a", "productviewed"))
    text = "Event Name is incorrect. ErrorCode: 528 - Trying to raise a discarded event. "
    assert answer["unprocessed"][0]["code"] == 528
    assert answer["unprocessed"][0]["error"] == f"{text}Skipped record number : 1"


@given(discarded_properties=frozenset({"x"}))
def test_discarded_properties(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, profile("a", {"x": 1, "y": 2}), event("a", "Viewed", {"x": 1, "y": 2}))
    assert data_of(client, "a") == {"y": 2}
    assert clevertap_sandbox.events()[0].props == {"y": 2}


@given(mode="validate")
def test_validation_mode_keeps_nothing(client: httpx.Client) -> None:
    answer = upload(client, profile("a"), profile("a", {"Age": "aa"}))
    assert (answer["processed"], codes(answer)) == (1, [520])
    assert read(client, "a") is None


@given(mode="count")
def test_count_mode_looks_at_nothing(client: httpx.Client) -> None:
    assert upload(client, 1, "two", profile("a", {"Age": "aa"}))["processed"] == 3


def test_a_dry_run_keeps_nothing(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    answer = upload(client, profile("a"), profile("a", {"Age": "aa"}), query="?dryRun=1")
    assert (answer["processed"], codes(answer)) == (1, [520])
    assert clevertap_sandbox.profiles() == []
    upload(client, profile("a"), query="?dryRun=0")
    assert [p.identity for p in clevertap_sandbox.profiles()] == ["a"]


@given(dry_run="ignore")
def test_dry_runs_ignored(client: httpx.Client) -> None:
    upload(client, profile("a"), query="?dryRun=1")
    assert data_of(client, "a") == {}


@given(content_type_on_get="refuse")
def test_a_content_type_on_get_refused(client: httpx.Client) -> None:
    path, typed = "/1/profile.json?identity=a", {"Content-Type": "application/json"}
    assert client.get(path, headers=typed).json()["error"] == "Malformed request"
    assert client.get(path).status_code == 200
    accept(client, profile("a"))


@given(unknown_profiles="refuse")
def test_deleting_somebody_unknown_refused(client: httpx.Client) -> None:
    accept(client, profile("a"))
    for body, status in (({"identity": ["a", "b"]}, 404), ({"identity": "a"}, 200)):
        assert client.post("/1/delete/profiles.json", json=body).status_code == status


@given(both_identifiers="identity")
def test_identity_may_select(client: httpx.Client) -> None:
    accept(client, profile("a", {"x": "a"}), profile("b", {"x": "b"}))
    accept(client, profile("a", {}, objectId=object_id_of(client, "b")))
    assert data_of(client, "b") == {"x": "a"}


@given(delete_operator="name_and_gender")
def test_narrow_delete(client: httpx.Client) -> None:
    accept(client, profile("a", {"Name": "A", "x": 1}))
    accept(client, profile("a", {"Name": {"$delete": 1}, "x": {"$delete": 1}}))
    record = read(client, "a")
    assert record is not None
    assert record["profileData"] == {"x": 1}
    assert "name" not in record


def test_equal_events_are_stored_apart(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, *[event("a", "Viewed", {"x": 1}, ts=5)] * 2)
    accept(client, event("a", "Viewed", {"x": 1}, ts=5))
    found = [(e.seq, e.request, e.position) for e in clevertap_sandbox.events()]
    assert found == [(1, 1, 0), (2, 1, 1), (3, 2, 0)]


@given(repeated_events="collapse")
def test_equal_events_may_collapse(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, *[event("a", "Viewed", {"x": 1}, ts=5)] * 2)
    accept(client, event("a", "Viewed", {"x": 1}, ts=5), event("a", "Viewed", {"x": 2}, ts=5))
    assert [e.props for e in clevertap_sandbox.events()] == [{"x": 1}, {"x": 2}]


@given(missing_profile="fail")
def test_missing_profiles_may_fail(client: httpx.Client) -> None:
    answer = client.get("/1/profile.json", params={"identity": "nobody"})
    assert answer.json() == {"status": "fail", "error": "Profile not found", "code": 404}


@given(json_style="spaced")
def test_answers_as_of_2018(client: httpx.Client) -> None:
    answer = client.post("/1/upload", json={"d": [profile("a"), profile("b")]})
    assert answer.text == '{ "status" : "success" , "processed" : 2 , "unprocessed" : [ ]}'


@given(max_body_bytes=100)
def test_largest_body(client: httpx.Client) -> None:
    answer = client.post("/1/upload", content=b"x" * 101)
    assert (answer.status_code, answer.json()["code"]) == (413, 413)
    accept(client, profile("a"))


@given(list_path_prefix="/1")
def test_prefix_of_the_list_calls(client: httpx.Client) -> None:
    assert client.post("/1/get_custom_list_segment_url").json()["status"] == "success"
    assert client.post("/get_custom_list_segment_url").status_code == 404


@given(account_id="TEST-1", passcode="other")
def test_credentials(client: httpx.Client) -> None:
    accept(client, profile("a"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"max_in_flight": 0},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc"},
        {"phone_check": "loose"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_every_setting_says_what_it_is_for() -> None:
    schemas = (Settings.model_json_schema(), Limits.model_json_schema())
    fields = {name: field for schema in schemas for name, field in schema["properties"].items()}
    assert [name for name, field in fields.items() if not field.get("description")] == []
