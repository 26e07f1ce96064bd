"""The tables against CleverTap's pages, written out once more."""

import pytest
from pydantic import ValidationError

from ct_assets.clevertap import contract
from ct_assets.clevertap.contract import LIMITS, Limits


def test_limits() -> None:
    assert LIMITS.model_dump() == {
        "value_bytes": 512,
        "key_bytes": 120,
        "event_name_bytes": 512,
        "identity_bytes": 1024,
        "object_id_length": 64,
        "custom_fields": 256,
        "event_fields": 100,
        "event_types": 512,
        "list_items": 100,
        "items": 256,
        "phone_digits": (8, 15),
        "age": (0, 130),
    }


def test_limits_of_requests() -> None:
    assert (contract.MAX_RECORDS, contract.MAX_TOKENS, contract.MAX_DELETES) == (1000, 100, 100)
    assert (contract.MAX_IN_FLIGHT, contract.MAX_IN_FLIGHT_OTHER) == (15, 3)


@pytest.mark.parametrize("wrong", [{"value_bytes": 0}, {"values": 3}, {"items": "many"}])
def test_limits_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(wrong)


def test_identifiers_in_the_order_of_preference() -> None:
    assert contract.IDENTIFIERS == ("identity", "objectId", "FBID", "GPID")


def test_forbidden_characters() -> None:
    assert sorted(contract.FORBIDDEN_CHARACTERS) == sorted("%><!|&.:;$'\"\\#")


JUNK = """
    undefined null na n/a 0 nil -1 infinity -infinity inf +inf -inf nan -nan xxxxxx
    none \\n <null> [null] (null) <none> (none) <nil> <na> <nan> nat n.a. - -- --- – —
    #n/a #na #null! #ref! #value! #name? #div/0! #num! (empty) (blank) {} []
    unknown (unknown) anonymous guest not_authenticated true false
    00000000-0000-0000-0000-000000000000 {00000000-0000-0000-0000-000000000000}
    00000000000000000000000000000000 0.0 '' "" . ? missing (missing) n.a
    #spill! #calc! #error! #nv #n/d #wert! #bezug! #zahl! #valeur! #nom? #nombre! #¡valor! #¡ref!
    #¿nombre?
"""
OF_TWO_WORDS = [
    "n / a",
    "none none",
    "null null",
    "undefined undefined",
    "#n/a n/a",
    "[object object]",
    "not set",
    "(not set)",
    "not available",
]


def test_junk_identities() -> None:
    assert sorted(contract.JUNK_IDENTITIES) == sorted([*JUNK.split(), *OF_TWO_WORDS])


def test_charged_and_web_event_are_not_reserved() -> None:
    assert {"Charged", "Web Event"}.isdisjoint(contract.RESERVED_EVENTS)
    assert "Web Page Viewed" in contract.RESERVED_EVENTS


def test_every_limit_is_described_for_editors() -> None:
    limits = Limits.model_json_schema()["properties"]

    assert [name for name, limit in limits.items() if not limit.get("description")] == []
    assert limits["age"]["description"] == "Ages believed; CleverTap publishes no range."
