import json
import math
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.clevertap import record
from ct_assets.clevertap.record import Member, encoded


def text_of(series: pl.Series) -> list[str | None]:
    frame = pl.LazyFrame({"v": series})
    written = frame.select(encoded(pl.col("v"), series.dtype).alias("v"))
    return written.collect(engine="streaming")["v"].to_list()


@pytest.mark.parametrize(
    "text",
    [
        "O'Brien",
        'say "hi"',
        "back\\slash",
        "line\nbreak\r\ttab",
        "U+2028 \u2028 and \u2029",
        'a,}b{"x":null,',
        "\x00\x01\x1f\x7f\x80",
        "",
        "😀 é ‏مرحبا",
        "\\u0041",
        "x" * 1_000_000,
    ],
)
def test_text_arrives_unchanged(text: str) -> None:
    (written,) = text_of(pl.Series([text]))

    assert written is not None
    assert json.loads(written) == text


@given(st.lists(st.none() | st.text()))
def test_any_text_is_read_back_by_json(texts: list[str | None]) -> None:
    written = text_of(pl.Series(texts, dtype=pl.String))

    assert [w if w is None else json.loads(w) for w in written] == texts


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
def test_any_float_is_read_back_exactly(numbers: list[float | None]) -> None:
    written = text_of(pl.Series(numbers, dtype=pl.Float64))
    read = [w if w is None else json.loads(w) for w in written]

    assert read == numbers
    assert all(isinstance(n, float) for n in read if n is not None)
    assert [math.copysign(1, n) for n in read if n == 0] == [
        math.copysign(1, n) for n in numbers if n == 0
    ]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_any_integer_is_read_back_exactly(numbers: list[int]) -> None:
    written = text_of(pl.Series(numbers, dtype=pl.Int64))

    assert [json.loads(w) for w in written if w is not None] == numbers


@pytest.mark.parametrize(
    ("dtype", "number", "written"),
    [
        (pl.Decimal(10, 2), "12.10", "12.1"),
        (pl.Decimal(10, 2), "100.00", "100.0"),
        (pl.Decimal(10, 2), "0.00", "0.0"),
        (pl.Decimal(10, 2), "-0.05", "-0.05"),
        (pl.Decimal(38, 10), "1234567890123456789012345678.0123456789",
         "1234567890123456789012345678.0123456789"),
        (pl.Decimal(38, 10), "0.0000000001", "0.0000000001"),
        (pl.Decimal(38, 0), "99999999999999999999", "99999999999999999999.0"),
    ],
)  # fmt: skip
def test_decimals_keep_every_digit(dtype: pl.DataType, number: str, written: str) -> None:
    assert text_of(pl.Series([Decimal(number), None], dtype=dtype)) == [written, None]


@given(st.lists(st.decimals(-(10**20), 10**20, places=15), max_size=5))
def test_any_decimal_is_read_back_exactly(numbers: list[Decimal]) -> None:
    written = text_of(pl.Series(numbers, dtype=pl.Decimal(38, 15)))

    assert [json.loads(w, parse_float=Decimal) for w in written if w is not None] == numbers


def without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nulls(v) for v in value if v is not None]
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return value


ITEM = st.none() | st.fixed_dictionaries(
    {
        "sku": st.none() | st.text(max_size=5),
        "quantity": st.none() | st.integers(0, 9),
        "tags": st.none() | st.lists(st.none() | st.sampled_from(["a", '"', "\\"]), max_size=3),
    }
)
ITEMS = pl.List(
    pl.Struct({"sku": pl.String(), "quantity": pl.Int64(), "tags": pl.List(pl.String())})
)


@given(st.lists(st.none() | st.lists(ITEM, max_size=3), max_size=5))
def test_nulls_are_left_out_at_every_depth(rows: list[list[dict[str, Any]] | None]) -> None:
    written = text_of(pl.Series(rows, dtype=ITEMS))

    assert [w if w is None else json.loads(w) for w in written] == without_nulls_of(rows)


def without_nulls_of(rows: list[Any]) -> list[Any]:
    return [row if row is None else without_nulls(row) for row in rows]


def member(name: str, value: object, dtype: pl.DataType, operator: str | None = None) -> Member:
    return Member(name, pl.lit(value, dtype), dtype, operator)


def test_a_profile_record() -> None:
    text = record.profile(
        [member("identity", "cust-000042", pl.String()), member("ts", None, pl.Int64())],
        [
            member("Name", "Ada Example", pl.String()),
            member("Email", None, pl.String()),
            member("visits", 7, pl.Int64()),
            member("score", 0.5, pl.Float64()),
            member("vip", 0, pl.Boolean()),
            member('say "x"', "y", pl.String()),
        ],
    )

    assert pl.select(text).item() == (
        '{"type":"profile","identity":"cust-000042","profileData":{"Name":"Ada Example",'
        '"visits":7,"score":0.5,"vip":false,"say \\"x\\"":"y"}}'
    )


def test_an_event_record_without_properties() -> None:
    text = record.event(
        [
            member("FBID", "1", pl.String()),
            member("ts", 1700000100, pl.Int64()),
            member("evtName", "Viewed", pl.String()),
        ],
        [],
    )

    assert pl.select(text).item() == (
        '{"type":"event","FBID":"1","ts":1700000100,"evtName":"Viewed","evtData":{}}'
    )


def test_operators_wrap_the_value_and_vanish_with_it() -> None:
    tags = pl.List(pl.String())
    text = record.profile(
        [member("identity", "a", pl.String())],
        [
            member("tags", ["x", "y"], tags, "$add"),
            member("visits", 3, pl.Int64(), "$incr"),
            member("gone", None, pl.Int64(), "$decr"),
        ],
    )

    assert pl.select(text).item() == (
        '{"type":"profile","identity":"a","profileData":'
        '{"tags":{"$add":["x","y"]},"visits":{"$incr":3}}}'
    )
