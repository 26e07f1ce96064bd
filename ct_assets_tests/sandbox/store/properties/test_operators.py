from typing import Any

import httpx
import pytest

from ct_assets_tests.sandbox.requests import accept, data_of, errors, profile, read

CASES: list[tuple[str, Any, Any, Any]] = [
    ("set overwrites", "a", "b", "b"),
    ("false is a value", True, False, False),
    ("zero is a value", 1, 0, 0),
    ("null is ignored", "a", None, "a"),
    ("an array replaces", ["a", "b"], ["c"], ["c"]),
    ("$set replaces", ["a"], {"$set": ["b", "b", "c"]}, ["b", "c"]),
    ("$add appends what is new", ["a"], {"$add": ["b", "a"]}, ["a", "b"]),
    ("$add promotes a text", "a", {"$add": ["b"]}, ["a", "b"]),
    ("$add promotes a number", 7, {"$add": ["b"]}, ["7", "b"]),
    ("$add makes the list", None, {"$add": ["a"]}, ["a"]),
    ("$remove takes out", ["a", "b"], {"$remove": ["a"]}, ["b"]),
    ("$remove of the last one removes", ["a"], {"$remove": ["a"]}, None),
    ("$remove promotes a text", "a", {"$remove": ["b"]}, ["a"]),
    ("$remove of the text itself", "a", {"$remove": ["a"]}, None),
    ("$remove on nothing", None, {"$remove": ["a"]}, None),
    ("$incr", 7, {"$incr": 10}, 17),
    ("$decr", 7, {"$decr": 30}, -23),
    ("$incr from nothing", None, {"$incr": 2}, 2),
    ("$incr by a fraction", 1, {"$incr": 0.5}, 1.5),
    ("$incr of a text is dropped", "a", {"$incr": 1}, "a"),
    ("$delete", "a", {"$delete": 1}, None),
    ("$delete with true", ["a"], {"$delete": True}, None),
    ("an unknown operator is dropped", "a", {"$push": ["b"]}, "a"),
    ("a nested object is dropped", "a", {"b": 1}, "a"),
    ("numbers in a list are texts", None, [1, True, "a", None], ["1", "true", "a"]),
    ("nested values in a list are dropped", None, [["a"], "b"], ["b"]),
    ("an empty list removes", ["a"], [], None),
]


@pytest.mark.parametrize(
    ("before", "given", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_operator(client: httpx.Client, before: Any, given: Any, after: Any) -> None:
    accept(client, profile("ada", {"p": before}))
    accept(client, profile("ada", {"p": given}))
    assert data_of(client, "ada").get("p") == after


def test_a_promoted_list_grows_though_its_property_is_a_text(client: httpx.Client) -> None:
    accept(client, profile("ada", {"Language": "English"}), profile("eve", {"Language": "Dutch"}))
    accept(client, profile("ada", {"Language": {"$add": ["Spanish"]}}))
    accept(client, profile("ada", {"Language": {"$add": ["German"]}}))
    assert data_of(client, "ada") == {"Language": ["English", "Spanish", "German"]}
    assert errors(client) == []
    accept(client, profile("eve", {"Language": ["Dutch", "Frisian"]}))
    assert data_of(client, "eve") == {"Language": "Dutch"}
    assert errors(client) == [
        ("type_mismatch", "Language", "List dropped, because first seen as String")
    ]


def test_a_list_keeps_the_last_hundred(client: httpx.Client) -> None:
    accept(client, profile("ada", {"p": [str(i) for i in range(99)]}))
    accept(client, profile("ada", {"p": {"$add": ["x", "y", "z"]}}))
    assert data_of(client, "ada")["p"] == [*(str(i) for i in range(2, 99)), "x", "y", "z"]
    assert errors(client) == [("list_too_long", "p", "102 values, the last 100 kept")]


def test_phone_and_email_can_be_cleared(client: httpx.Client) -> None:
    accept(client, profile("ada", {"Phone": "+35922333232", "Email": "a@example.test"}))
    accept(client, profile("ada", {"Phone": {"$delete": 1}, "Email": {"$delete": 1}}))
    assert read(client, "ada") == {"identity": "ada", "profileData": {}, "events": {}}


def test_operators_in_one_upload_apply_in_order(client: httpx.Client) -> None:
    accept(
        client,
        profile("ada", {"n": 1, "l": ["a"]}),
        profile("ada", {"n": {"$incr": 2}, "l": {"$add": ["b"]}}),
        profile("ada", {"n": {"$decr": 1}, "l": {"$remove": ["a"]}}),
    )
    assert data_of(client, "ada") == {"n": 2, "l": ["b"]}


def test_a_single_valued_property_takes_no_list(client: httpx.Client) -> None:
    accept(client, profile("ada", {"Name": ["Ada", "Eve"]}))
    assert data_of(client, "ada") == {}
    assert errors(client) == [("nested_value", "Name", "takes a single value; dropped")]


def test_numbers_stay_in_range(client: httpx.Client) -> None:
    accept(client, profile("ada", {"n": 9223372036854775807, "f": 1e308}))
    accept(client, profile("ada", {"n": {"$incr": 1}, "f": {"$incr": 1e308}}))
    assert data_of(client, "ada") == {"n": 9223372036854775807, "f": 1e308}
