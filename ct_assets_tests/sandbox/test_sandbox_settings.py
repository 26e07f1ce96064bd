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
    object_id_of,
    profile,
    read,
    upload,
)


def given(**settings: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("clevertap_sandbox", [Settings(**settings)], indirect=True)


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


@given(limits=Limits(items=2))
def test_items_of_charged(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("a", "Charged", {"Items": [{"n": 1}, {"n": 2}, {"n": 3}]}))
    assert clevertap_sandbox.events()[0].props == {"Items": [{"n": 1}, {"n": 2}]}
    assert errors(client) == [("too_many_items", "Items", "3 items, 2 kept")]


@given(nested_objects=True, nested_depth=2)
def test_nested_objects(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("a", "Viewed", {"o": {"p": {"q": {"r": 1}}, "s": 2, "n": None}}))
    assert clevertap_sandbox.events()[0].props == {"o": {"p": {}, "s": 2}}
    assert errors(client) == [("nested_too_deep", "o", "dropped below depth 2")]


@given(nested_objects=True)
def test_nested_objects_of_profiles(client: httpx.Client) -> None:
    accept(client, profile("a", {"o": {"p": [1, {"q.r": 2}], "n": None}, "Name": {"first": "A"}}))
    accept(client, profile("b", {"o": {}, "p": {"$push": 1}}))
    assert data_of(client, "a") == {"o": {"p": [1, {"qr": 2}]}}
    assert data_of(client, "b") == {}
    assert [row[:2] for row in errors(client)] == [
        ("forbidden_characters", "q.r"),
        ("nested_value", "Name"),
        ("nested_value", "p"),
    ]


@given(phone_check="lenient")
def test_lenient_phones(client: httpx.Client) -> None:
    answer = upload(client, profile("a", {"Phone": "+12345"}), profile("a", {"Phone": "+1234"}))
    assert [r["error"][-1] for r in answer["unprocessed"]] == ["2"]


@given(numeric_identity="refuse")
def test_numeric_identities_refused(client: httpx.Client) -> None:
    assert codes(upload(client, profile(42))) == [523]


@given(junk_identities="refuse")
def test_junk_identities_refused(client: httpx.Client) -> None:
    assert codes(upload(client, profile("N/A"), profile(" null "), profile("nullable"))) == [
        523,
        523,
    ]


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


@given(length_unit="characters", limits=Limits(value_bytes=3))
def test_lengths_in_characters(client: httpx.Client) -> None:
    accept(client, profile("a", {"x": "äöü", "y": "äöüß"}))
    assert data_of(client, "a") == {"x": "äöü", "y": "äöü"}
    assert errors(client) == [("value_too_long", "y", "4 characters, cut to 3")]


@given(limits=Limits(value_bytes=3))
def test_lengths_in_bytes_never_split_a_character(client: httpx.Client) -> None:
    accept(client, profile("a", {"x": "äö", "y": "abc"}))
    assert data_of(client, "a") == {"x": "ä", "y": "abc"}
    assert errors(client) == [("value_too_long", "x", "4 bytes, cut to 3")]


@given(long_values="drop", limits=Limits(value_bytes=3))
def test_long_values_dropped(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, profile("a", {"x": "abc", "l": ["a", "abcd"]}), event("a", "V", {"x": "abcd"}))
    accept(client, profile("a", {"x": "abcd"}))
    assert data_of(client, "a") == {"x": "abc", "l": ["a"]}
    assert clevertap_sandbox.events()[0].props == {}


@given(forbidden_characters="accept")
def test_forbidden_characters_kept(client: httpx.Client) -> None:
    accept(client, profile("a", {"a.b": 1}))
    assert data_of(client, "a") == {"a.b": 1}


@given(number_signs="strip")
def test_number_signs_stripped(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, profile("a", {"n#1": 1}), event("a", "n#1"))
    assert data_of(client, "a") == {"n1": 1}
    assert [e.name for e in clevertap_sandbox.events()] == ["n1"]


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


@given(null_values="delete")
def test_null_may_delete(client: httpx.Client) -> None:
    accept(client, profile("a", {"x": 1, "y": 1}), profile("a", {"x": None}))
    assert data_of(client, "a") == {"y": 1}


@given(bad_system_values="drop")
def test_bad_system_values_dropped(client: httpx.Client) -> None:
    accept(client, profile("a", {"DOB": "1990-01-01", "MSG-sms": "yes", "MSG-email": True}))
    assert data_of(client, "a") == {"MSG-email": True}
    assert [row[:2] for row in errors(client)] == [
        ("bad_system_value", "DOB"),
        ("bad_system_value", "MSG-sms"),
    ]


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


@given(event_name_case="exact")
def test_exact_event_names(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("a", "Viewed"), event("a", "viewed"))
    assert [e.name for e in clevertap_sandbox.events()] == ["Viewed", "viewed"]


def test_the_first_spelling_of_an_event_wins(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, event("a", "Product Viewed"), event("a", "productviewed"))
    assert [e.name for e in clevertap_sandbox.events()] == ["Product Viewed", "Product Viewed"]


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
