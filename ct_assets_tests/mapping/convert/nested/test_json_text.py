"""Nested values as one text of JSON: `nested: json`."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import SchemaError
from ct_assets.mapping.convert import Target, TypeMismatchError, as_json
from ct_assets_tests.mapping.splitting import events, profiles

CASES: list[tuple[Any, object, str | None]] = [
    (pl.List(pl.String), ["a", None, 'b"c', ""], '["a",null,"b\\"c",""]'),
    (pl.List(pl.String), [], "[]"),
    (pl.List(pl.String), None, None),
    (pl.List(pl.Int64), [2**63 - 1, -1], "[9223372036854775807,-1]"),
    (pl.List(pl.Float64), [1.5, float("nan"), float("inf")], "[1.5,null,null]"),
    (pl.List(pl.Boolean), [True, None], "[true,null]"),
    (pl.List(pl.Null), [None], "[null]"),
    (pl.List(pl.List(pl.Int8)), [[1], [], None], "[[1],[],null]"),
    (pl.Array(pl.Int8, 2), [1, 2], "[1,2]"),
    (pl.Struct({"a": pl.Int64, "b": pl.String}), {"a": 1, "b": "é\n"}, '{"a":1,"b":"é\\u000a"}'),
    (pl.Struct({"a": pl.Int64, "b": pl.String}), {"a": None, "b": "x"}, '{"b":"x"}'),
    (pl.Struct({"a": pl.Int64}), {"a": None}, "{}"),
    (pl.Struct({"a": pl.Int64}), None, None),
    (pl.Struct({'"q"': pl.Int64}), {'"q"': 1}, '{"\\"q\\"":1}'),
    (pl.List(pl.Struct({"n": pl.Int64})), [{"n": 1}, None, {"n": None}], '[{"n":1},null,{}]'),
    (pl.Struct({"d": pl.Date}), {"d": date(2024, 1, 31)}, '{"d":"2024-01-31"}'),
    (pl.List(pl.Time), [time(9, 30)], '["09:30:00"]'),
    (
        pl.List(pl.Datetime("us", "UTC")),
        [datetime(2024, 1, 31, 17, 30, tzinfo=UTC)],
        '["2024-01-31T17:30:00.000000+00:00"]',
    ),
    (pl.List(pl.Decimal(10, 2)), [Decimal("1.50")], "[1.5]"),
    (pl.List(pl.Decimal(38, 0)), [Decimal(5), None], "[5,null]"),
    (pl.List(pl.Enum(["x"])), ["x"], '["x"]'),
    (pl.Map(pl.String, pl.Int64), {"k": 1, 'a"b': 2, "n": None}, '{"k":1,"a\\"b":2}'),
    (pl.Map(pl.String, pl.Int64), {}, "{}"),
    (pl.Map(pl.String, pl.Int64), None, None),
    (pl.Map(pl.Int32, pl.List(pl.String)), {7: ["x"]}, '{"7":["x"]}'),
]


@pytest.mark.parametrize(("dtype", "value", "text"), CASES)
def test_the_text_of_a_value(dtype: pl.DataType, value: object, text: str | None) -> None:
    rows = pl.DataFrame({"v": pl.Series([value, value], dtype=dtype)})

    written = rows.lazy().select(as_json(pl.col("v"), rows.schema["v"], Target("V")).alias("v"))

    assert written.collect(engine="streaming")["v"].to_list() == [text, text]
    if text is not None:
        json.loads(text)


@pytest.mark.parametrize("dtype", [pl.List(pl.Binary()), pl.Struct({"d": pl.Duration("us")})])
def test_what_json_has_not(dtype: pl.DataType) -> None:
    with pytest.raises(TypeMismatchError, match=r"^V is given a column of type (Binary|Duration)"):
        as_json(pl.col("v"), dtype, Target("V"))


ROWS = pl.DataFrame(
    {"id": ["1"], "key": ["k"], "tags": [["a", "b"]], "geo": [{"lat": 59.9, "city": None}]}
)
FIELDS = {
    "Tags": {"column": "tags", "nested": "json"},
    "Geo": {"column": "geo", "nested": "json"},
    "Plain": {"column": "id", "nested": "json"},
}


def test_events_and_profiles_take_them_as_text() -> None:
    expected = {"Tags": '["a","b"]', "Geo": '{"lat":59.9}', "Plain": "1"}

    assert events(ROWS, FIELDS, ts=None).data == [expected]
    assert profiles(ROWS, FIELDS).data == [expected]


def test_a_text_that_is_too_long_is_rejected() -> None:
    rows = ROWS.with_columns(tags=pl.Series([["x" * 510]]))

    assert events(rows, FIELDS, ts=None).reasons == [[("Tags", "text_too_long")]]


def test_without_it_an_event_says_what_to_declare() -> None:
    with pytest.raises(SchemaError, match=r"single values \(code 512\).* `nested: json` for one"):
        events(ROWS, {"Tags": "tags"}, ts=None)
    with pytest.raises(SchemaError, match=r"flat values only.*`nested: json` for one text"):
        events(ROWS, {"Geo": "geo"}, ts=None)
