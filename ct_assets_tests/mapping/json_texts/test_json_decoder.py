from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import DeclarationError, SchemaError
from ct_assets_tests.mapping.splitting import events, profiles

UNREAD = (None, "json_unreadable")


def read(texts: Sequence[str | None], shape: object, **field: Any) -> list[object]:
    """What a field of these texts is sent as, or its code."""
    rows = pl.DataFrame(
        {"id": [f"p{n}" for n in range(len(texts))], "t": pl.Series(texts, dtype=pl.String)}
    )
    outcome = profiles(rows, {"V": {"column": "t", "json": shape, **field}})
    codes = iter(outcome.reasons)
    sent = {r["identity"]: r["profileData"].get("V") for r in outcome.records}
    return [sent[i] if i in sent else next(codes)[0][1] for i in rows["id"]]


ITEM = [{"sku": "string", "qty": "integer"}]


@pytest.mark.parametrize(
    ("text", "shape", "sent"),
    [
        ('["a", "b"]', ["string"], ["a", "b"]),
        ("[1, 2.0]", ["integer"], ["1", "2"]),
        ("[1, 2.5]", ["integer"], "json_unreadable"),
        ('"2.50"', "float", 2.5),
        ("1.10", "string", "1.1"),
        ("12345678901234567890123", "string", "12345678901234567890123"),
        ("9007199254740993", "integer", 9007199254740993),
        ("18446744073709551616", "integer", "json_unreadable"),
        ("true", "boolean", True),
        ('"yes"', "boolean", True),
        ('"2024-01-31"', "date", "$D_1706659200"),
        ('"soon"', "date", "json_unreadable"),
        ('{"a": 1, "z": 2}', {"a": "integer"}, '{"a":1}'),
        ('{"a": {"b": [1]}}', {"a": {"b": ["integer"]}}, '{"a":{"b":[1]}}'),
        ('{"a": [1]}', {"a": "string"}, "json_unreadable"),
        ('{"a": 1', {"a": "integer"}, "json_unreadable"),
        ("{'a': 1}", {"a": "integer"}, "json_unreadable"),
        ('{"a": NaN}', {"a": "float"}, "json_unreadable"),
        ('{"a": "\\ud83d"}', {"a": "string"}, "json_unreadable"),
        ('{"a": "\\ud83d\\ude00"}', {"a": "string"}, '{"a":"😀"}'),
        ('{"a": "\\\\ud83d"}', {"a": "string"}, '{"a":"\\\\ud83d"}'),
        ("[1] 2", ["integer"], "json_unreadable"),
        (' ["x"] \n', ["string"], ["x"]),
        ("null", ["string"], None),
        ("", ["string"], None),
        ("  ", ["string"], None),
        (None, ["string"], None),
        ("[]", ["string"], None),
    ],
)
def test_text_is_read_in_the_declared_shape(text: str | None, shape: object, sent: object) -> None:
    nested = {"nested": "json"} if isinstance(shape, dict) else {}

    assert read([text], shape, **nested) == [sent]


def test_one_bad_text_spoils_no_other() -> None:
    texts = [f"[{n}]" for n in range(100)]
    texts[37], texts[99] = "[37", "{}"

    sent = read(texts, ["integer"])

    assert [at for at, value in enumerate(sent) if value == "json_unreadable"] == [37, 99]
    assert sent[36] == ["36"]


def test_items_of_json_text() -> None:
    lines = ['[{"sku": "a", "qty": 2, "gift": null}, {"sku": "b"}]', "[]", '[{"sku": 7}]', "oops"]
    rows = pl.DataFrame({"id": ["u"] * 4, "key": list("abcd"), "lines": lines})

    for shape in (True, ITEM):
        outcome = events(
            rows, {"Items": {"column": "lines", "json": shape}}, ts=None, event="Charged"
        )

        assert outcome.data == [
            {"Items": [{"sku": "a", "qty": 2}, {"sku": "b"}]}, {}, {"Items": [{"sku": "7"}]},
        ]  # fmt: skip
        assert outcome.reasons == [[("Items", "json_unreadable")]]


def test_a_bad_text_may_be_dropped() -> None:
    assert read(["oops", '["a"]'], ["string"], on_invalid="drop") == [None, ["a"]]


def test_a_text_that_is_dropped_clears_nothing() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "t": ["oops", None]})
    field = {"column": "t", "json": ["string"], "on_invalid": "drop", "on_null": "clear"}

    outcome = profiles(rows, {"Tags": field})

    assert outcome.valid["_clear"].to_list() == [None, ["Tags"]]


def test_structs_are_taken_apart() -> None:
    rows = pl.DataFrame({"id": ["a"], "geo": ['{"lat": 59.9, "city": {"name": "Oslo"}}']})
    field = {"column": "geo", "json": True, "nested": "flatten"}

    outcome = profiles(rows, {"Geo": field})

    assert outcome.data == [{"Geo_lat": 59.9, "Geo_city_name": "Oslo"}]


def test_an_expression_may_give_the_text() -> None:
    rows = pl.DataFrame({"id": ["a"], "tags": ["x,y"]})
    field = {"expr": "CONCAT('[\"', REPLACE(tags, ',', '\",\"'), '\"]')", "json": True}

    assert profiles(rows, {"Tags": field}).data == [{"Tags": ["x", "y"]}]


def test_what_is_a_list_already_stays_as_it_is_and_a_number_is_no_json() -> None:
    rows = pl.DataFrame({"id": ["a"], "tags": [["x"]], "n": [1]})

    assert profiles(rows, {"Tags": {"column": "tags", "json": True}}).data == [{"Tags": ["x"]}]
    with pytest.raises(SchemaError, match=r"N is given a column of type Int64, and `json:` is for"):
        profiles(rows, {"N": {"column": "n", "json": True}})


def test_items_that_are_nested_say_what_to_declare() -> None:
    rows = pl.DataFrame({"id": ["u"], "key": ["a"], "lines": ['[{"sku": {"id": 1}}]']})
    field = {"column": "lines", "json": True}

    with pytest.raises(SchemaError, match=r"or name the keys to send in the shape of its `json:`"):
        events(rows, {"Items": field}, ts=None, event="Charged")


def test_a_type_of_json_is_short_for_a_shape_that_is_found() -> None:
    rows = pl.DataFrame({"id": ["u"], "key": ["a"], "lines": ['[{"sku": "x"}]']})

    for field in ({"type": "json"}, {"type": "json", "json": [{"sku": "string"}]}):
        items = {"Items": {"column": "lines", **field}}
        assert events(rows, items, ts=None, event="Charged").data == [{"Items": [{"sku": "x"}]}]


@pytest.mark.parametrize("how", [{"json": True}, {"type": "json"}])
def test_a_constant_is_no_json(how: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match=r"fields.V.json: is for text of the source. Write"):
        profiles(pl.DataFrame({"id": ["a"]}), {"V": {"value": "[1]", **how}})
