"""Values that CleverTap drops in silence after a 200, and the schema that it generates."""

from typing import Any

import httpx
import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import accept, data_of, errors, event, profile


def schema(client: httpx.Client) -> dict[tuple[str | None, str], dict[str, Any]]:
    return {(row["event"], row["property"]): row for row in client.get("/sandbox/schema").json()}


def test_types_are_named_as_clevertap_names_them(client: httpx.Client) -> None:
    data = {
        "text": "a",
        "yes": True,
        "whole": 1,
        "part": 1.5,
        "day": "$D_631152000",
        "many": ["a"],
        "iso": "1990-01-01",
        "digits": "42",
    }
    accept(client, profile("a", data), event("a", "Viewed", {"text": "a"}))
    types = {key: row["type"] for key, row in schema(client).items()}
    assert types == {
        (None, "text"): "String",
        (None, "yes"): "Boolean",
        (None, "whole"): "Integer",
        (None, "part"): "Float",
        (None, "day"): "Date",
        (None, "many"): "List",
        (None, "iso"): "String",
        (None, "digits"): "String",
        ("Viewed", "text"): "String",
    }


def test_the_first_type_is_held_on_to(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, profile("a", {"visits": 7}), event("a", "Viewed", {"n": "one"}))
    accept(client, profile("a", {"visits": "seven", "x": 1}), event("a", "Viewed", {"n": 1}))

    assert data_of(client, "a") == {"visits": 7, "x": 1}
    assert [e.props for e in clevertap_sandbox.events()] == [{"n": "one"}, {}]
    assert errors(client) == [
        ("type_mismatch", "visits", "String dropped, because first seen as Integer"),
        ("type_mismatch", "n", "Integer dropped, because first seen as String"),
    ]
    visits = schema(client)[None, "visits"]
    assert visits["conflict"] is True
    assert visits["types"] == [
        {"type": "Integer", "seen": 1, "dropped": 0},
        {"type": "String", "seen": 0, "dropped": 1},
    ]


def test_numbers_go_together(client: httpx.Client) -> None:
    accept(client, profile("a", {"n": 1}), profile("b", {"n": 1.5}))
    assert data_of(client, "b") == {"n": 1.5}
    assert schema(client)[None, "n"]["conflict"] is False
    assert errors(client) == []


@pytest.mark.parametrize("clevertap_sandbox", [Settings(type_drift="accept")], indirect=True)
def test_another_type_may_be_kept(client: httpx.Client) -> None:
    accept(client, profile("a", {"n": 1}), profile("a", {"n": "one"}))
    assert data_of(client, "a") == {"n": "one"}
    assert schema(client)[None, "n"]["conflict"] is True
    assert errors(client) == [("type_mismatch", "n", "String kept, though first seen as Integer")]


@pytest.mark.parametrize("clevertap_sandbox", [Settings(type_drift="drop_event")], indirect=True)
def test_another_type_may_drop_the_record(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, event("a", "Viewed", {"n": 1}), event("a", "Viewed", {"m": 1, "n": "one"}))
    accept(client, profile("a", {"n": 1}), profile("a", {"m": 1, "n": "one"}))
    assert [e.props for e in clevertap_sandbox.events()] == [{"n": 1}]
    assert data_of(client, "a") == {"n": 1}


def test_fill_rate(client: httpx.Client) -> None:
    accept(client, profile("a", {"x": 1, "y": 1}), profile("b", {"x": 1}), profile("c", {}))
    accept(client, profile("a", {"y": {"$delete": 1}}), event("a", "V", {"z": 1}), event("a", "V"))
    found = schema(client)
    assert {key: (row["filled"], row["of"]) for key, row in found.items()} == {
        (None, "x"): (2, 3),
        (None, "y"): (0, 3),
        ("V", "z"): (1, 2),
    }


@pytest.mark.parametrize(
    ("name", "kept", "message"),
    [
        ("a.b:c", "abc", "kept as 'abc'"),
        (" padded ", "padded", "kept as 'padded'"),
        ("n#1", "n#1", "# is refused by CleverTap's imports"),
        ("$<>", None, "kept as ''"),
    ],
)
def test_forbidden_characters(
    client: httpx.Client,
    clevertap_sandbox: SandboxInTest,
    name: str,
    kept: str | None,
    message: str,
) -> None:
    accept(client, profile("a", {name: 1}), event("a", "Viewed", {name: 1}))
    expected = {} if kept is None else {kept: 1}
    assert data_of(client, "a") == expected
    assert clevertap_sandbox.events()[0].props == expected
    assert errors(client) == [("forbidden_characters", name, message)] * 2


@pytest.mark.parametrize("name", ["Phone.", " Phone", "Email|"])
def test_a_name_that_would_become_one_of_clevertaps_own_is_dropped(
    client: httpx.Client, name: str
) -> None:
    """Under its own name the value would have been judged."""
    accept(client, profile("a", {name: "abc", "Tier": "gold"}))

    assert data_of(client, "a") == {"Tier": "gold"}
    assert [error[1] for error in errors(client)] == [name, name]


def test_event_names_are_cleaned(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("a", "Product|Viewed"), event("a", "&"), event("a", "n" * 513))
    assert [e.name for e in clevertap_sandbox.events()] == ["ProductViewed", "n" * 512]
    assert [row[::2] for row in errors(client)] == [
        ("forbidden_characters", "kept as 'ProductViewed'"),
        ("forbidden_characters", "kept as ''"),
        ("forbidden_characters", "nothing is left of the event's name"),
        ("key_too_long", "cut to 512 bytes"),
    ]


def test_long_keys_and_values_are_cut(client: httpx.Client) -> None:
    accept(client, profile("a", {"k" * 121: "v" * 513, "fits": "v" * 512}))
    assert data_of(client, "a") == {"k" * 120: "v" * 512, "fits": "v" * 512}
    assert errors(client) == [
        ("key_too_long", "k" * 121, "cut to 120 bytes"),
        ("value_too_long", "k" * 120, "513 bytes, cut to 512"),
    ]


def test_dates_that_are_none(client: httpx.Client) -> None:
    accept(client, profile("a", {"x": "$D_soon", "y": "$D_1700000000000"}))
    assert data_of(client, "a") == {"x": "$D_soon", "y": "$D_1700000000000"}
    assert [row[:2] for row in errors(client)] == [("not_a_date", "x"), ("date_out_of_range", "y")]


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(custom_fields=2))], indirect=True
)
def test_custom_properties_of_a_profile(client: httpx.Client) -> None:
    accept(client, profile("a", {"Name": "A", "x": 1, "y": 1, "z": 1, "Gender": "F"}))
    accept(client, profile("a", {"x": 2}))
    assert data_of(client, "a") == {"x": 2, "y": 1, "Gender": "F"}
    assert errors(client) == [("too_many_properties", "z", "the profile has 2; dropped")]


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(event_types=2))], indirect=True
)
def test_names_of_events_in_an_account(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, event("a", "x"), event("a", "y"), event("a", "z"), event("a", "X"))
    assert [e.name for e in clevertap_sandbox.events()] == ["x", "y", "x"]
    assert errors(client) == [("too_many_events", None, "the account has 2 names of events")]


def test_the_error_stream_says_where(client: httpx.Client) -> None:
    accept(client, profile("a"), event("a", "Viewed", {"x|": 1}))
    (row,) = client.get("/sandbox/errors").json()
    assert {key: row[key] for key in ("request", "position", "object", "event")} == {
        "request": 1,
        "position": 1,
        "object": "event",
        "event": "Viewed",
    }


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(log_rows=150, error_rows=30)], indirect=True
)
def test_log_and_error_stream_do_not_grow_for_ever(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    for _ in range(200):
        accept(client, profile("a", {"x|": 1}))
    assert [r.number for r in clevertap_sandbox.requests()] == list(range(51, 201))
    rows = client.get("/sandbox/errors", params={"limit": 1000}).json()
    assert [row["request"] for row in rows] == list(range(171, 201))


def test_charged_is_one_event_in_any_letters(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, event("a", "charged", {"Items": [{"n": 1}]}))
    assert clevertap_sandbox.events()[0].props == {"Items": [{"n": 1}]}
