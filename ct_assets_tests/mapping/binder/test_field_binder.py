"""Fields whose values are translated, hashed or redacted, through the split."""

import hashlib
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import SchemaError, bind, parse
from ct_assets_tests.mapping.splitting import PROFILE, Outcome, events, profiles

MAP = {"Married": "Y", "Single": "N", "Other": None}


def given(values: list[Any], field: dict[str, Any], name: str = "x") -> Outcome:
    rows = pl.DataFrame({"id": [f"p{n}" for n in range(len(values))], "c": values}, strict=False)
    return profiles(rows, {name: {"column": "c", **field}})


def sent(values: list[Any], field: dict[str, Any], name: str = "x") -> list[Any]:
    return [data.get(name) for data in given(values, field, name).data]


def test_values_are_translated_before_they_are_converted() -> None:
    outcome = given(["Married", " Single\t", "Other", "", None], {"map": MAP}, "Married")

    assert outcome.data == [{"Married": "Y"}, {"Married": "N"}, {}, {}, {}]
    assert outcome.reasons == []


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ([True, False, None], {"map": {True: "on", False: "off"}}, ["on", "off", None]),
        ([1, 2], {"map": {1: "gold", "2": "silver"}}, ["gold", "silver"]),
        ([1.0, 2.5], {"map": {"1": True, "2.5": False}}, [True, False]),
        (["a", "b"], {"map": {"a": 1, "b": 2.5}}, [1.0, 2.5]),
        (["a", "b"], {"map": {"a": 1}, "otherwise": 0}, [1, 0]),
        (["a", None], {"map": {"a": "A"}, "otherwise": "?"}, ["A", None]),
        (["a", "b"], {"map": {"a": None}, "otherwise": "?"}, [None, "?"]),
        (["a", "b"], {"map": {"a": "red,blue", "b": "red"}, "type": "list", "separator": ","},
         [["red", "blue"], ["red"]]),
    ],
)  # fmt: skip
def test_values_of_all_types(values: list[Any], field: dict[str, Any], expected: list[Any]) -> None:
    assert sent(values, field) == expected


@pytest.mark.parametrize(
    ("field", "rejected", "warned"),
    [
        ({}, [[("x", "value_unmapped")]], [None]),
        ({"otherwise": "reject"}, [[("x", "value_unmapped")]], [None]),
        ({"otherwise": "drop"}, [], [None, [("x", "value_unmapped")]]),
        ({"on_invalid": "drop"}, [], [None, [("x", "value_unmapped")]]),
        ({"on_invalid": "drop", "otherwise": "reject"}, [[("x", "value_unmapped")]], [None]),
    ],
)
def test_values_that_the_map_does_not_name(
    field: dict[str, Any], rejected: list[Any], warned: list[Any]
) -> None:
    outcome = given(["a", "A"], {"map": {"a": "1"}, **field})

    assert (outcome.reasons, outcome.warnings) == (rejected, warned)
    assert outcome.data == [{"x": "1"}, {}][: len(warned)]


def test_a_field_is_cleared_for_nothing_and_not_for_what_the_map_does_not_name() -> None:
    field = {"map": {"a": "1", "none": None}, "otherwise": "drop", "on_null": "clear"}
    outcome = given(["a", "none", None, "?"], field)

    assert outcome.valid["_clear"].to_list() == [None, ["x"], ["x"], None]


def test_what_cannot_be_translated_is_a_mistake_of_the_declaration() -> None:
    sync = parse({**PROFILE, "fields": {"x": {"column": "c", "map": {"a": "1"}}}})

    with pytest.raises(SchemaError, match="x is given a column of type Float64; `map` names value"):
        bind(sync, pl.Schema({"id": pl.String(), "c": pl.Float64()}))
    with pytest.raises(SchemaError, match=r"x is given a column of type List.*; `map` translates"):
        bind(sync, pl.Schema({"id": pl.String(), "c": pl.List(pl.String())}))


ADA = "ada@example.com"


@pytest.mark.parametrize(
    ("value", "field", "hashed"),
    [
        (" Ada@Example.com ", {"hash": "sha256"}, hashlib.sha256(ADA.encode())),
        (" Ada@Example.com ", {"hash": "sha512"}, hashlib.sha512(ADA.encode())),
        (" Ada@Example.com ", {"hash": "md5", "normalise": "lower"}, hashlib.md5(ADA.encode())),
        (" Ada ", {"hash": "sha256", "normalise": "trim"}, hashlib.sha256(b"Ada")),
        (" Ada ", {"hash": "sha256", "normalise": "none"}, hashlib.sha256(b" Ada ")),
        (" Ada ", {"hash": "sha256", "normalise": False}, hashlib.sha256(b" Ada ")),
        ("ÉÖ", {"hash": "sha256", "normalise": True}, hashlib.sha256("éö".encode())),
        (17, {"hash": "sha256"}, hashlib.sha256(b"17")),
        (
            "(415) 555-0100",
            {"hash": "sha256", "type": "phone", "region": "US"},
            hashlib.sha256(b"+14155550100"),
        ),
    ],
)
def test_hashes(value: Any, field: dict[str, Any], hashed: Any) -> None:
    assert sent([value], field) == [hashed.hexdigest()]


def test_a_known_hash() -> None:
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert sent(["abc", None, "  "], {"hash": "sha256"}) == [abc, None, None]


def test_what_is_hashed_is_checked_first() -> None:
    outcome = given([ADA, "nonsense"], {"hash": "md5", "type": "email"})

    assert outcome.data == [{"x": hashlib.md5(ADA.encode()).hexdigest()}]
    assert outcome.reasons == [[("x", "email_no_at")]]


@pytest.mark.parametrize(
    ("value", "redact", "shown"),
    [
        ("4111111111111111", True, "***"),
        ("4111111111111111", {"last": 4}, "***1111"),
        ("Añaé", {"first": 1, "last": 1}, "A***é"),
        ("1234", {"last": 4}, "***"),
        (None, True, None),
    ],
)
def test_redacted_values(value: str | None, redact: Any, shown: str | None) -> None:
    assert sent([value, "x"], {"redact": redact})[0] == shown


def test_events_have_such_fields_too() -> None:
    rows = pl.DataFrame({"id": ["a"], "key": ["1"], "c": ["v"]})
    fields = {"plan": {"column": "c", "map": {"v": "vip"}}, "card": {"column": "c", "redact": True}}

    assert events(rows, fields).data == [{"plan": "vip", "card": "***"}]
