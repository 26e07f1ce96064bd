"""Each policy about values and names that CleverTap's documentation leaves open, set otherwise."""

import httpx

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import (
    accept,
    codes,
    data_of,
    errors,
    event,
    given,
    profile,
    upload,
)


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


@given(event_name_case="exact")
def test_exact_event_names(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("a", "Viewed"), event("a", "viewed"))
    assert [e.name for e in clevertap_sandbox.events()] == ["Viewed", "viewed"]


def test_the_first_spelling_of_an_event_wins(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, event("a", "Product Viewed"), event("a", "productviewed"))
    assert [e.name for e in clevertap_sandbox.events()] == ["Product Viewed", "Product Viewed"]
