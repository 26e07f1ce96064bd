from datetime import date, time

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Limits, TypeMismatchError
from ct_assets_tests.mapping.convert.run import converted, one

LIST, GROUPS = FieldType.LIST, FieldType.GROUPS
HUNDRED = [f"v{i}" for i in range(100)]


@pytest.mark.parametrize(
    ("values", "value", "code"),
    [
        (["a", "b"], ["a", "b"], None),
        (["b", "a", "b"], ["b", "a"], None),
        (["a", None, ""], ["a"], None),
        ([time(9, 30), time(9, 30, 0, 1)], ["09:30:00", "09:30:00.000001"], None),
        ([" a "], [" a "], None),
        (['a,}b{"x":null,'], ['a,}b{"x":null,'], None),
        ([], None, None),
        ([None, ""], None, None),
        (None, None, None),
        (HUNDRED, HUNDRED, None),
        ([*HUNDRED, "v0"], HUNDRED, None),
        ([*HUNDRED, "v100"], None, "list_too_long"),
        (["x" * 512], ["x" * 512], None),
        (["a", "x" * 513], None, "list_value_too_long"),
        (["é" * 257], None, "list_value_too_long"),
        (["a", "$D_1700000000"], None, "text_looks_like_date"),
        (["a $D_", "$d_1"], ["a $D_", "$d_1"], None),
    ],
)
def test_lists(values: list[str] | None, value: list[str] | None, code: str | None) -> None:
    assert converted([values], LIST, dtype=pl.List(pl.String)) == [(value, code)]


@pytest.mark.parametrize(
    ("dtype", "values", "value"),
    [
        (pl.Array(pl.String, 2), ["a", "a"], ["a"]),
        (pl.List(pl.Int64), [2, 1, 2], ["2", "1"]),
        (pl.List(pl.Boolean), [True, False], ["true", "false"]),
        (pl.List(pl.Date), [date(2024, 1, 31)], ["2024-01-31"]),
        (pl.List(pl.Float64), [1.5], ["1.5"]),
        (pl.List(pl.Enum(["a", "b"])), ["b", "a"], ["b", "a"]),
        (pl.List(pl.Null), [None], None),
    ],
)
def test_lists_of_other_types(dtype: pl.DataType, values: list[object], value: object) -> None:
    assert converted([values, None], dtype=dtype) == [(value, None), (None, None)]


def test_lists_of_numbers_that_are_none() -> None:
    assert one([1.5, float("nan")]) == (None, "number_not_finite")


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize(
    ("text", "values", "code"),
    [
        ('["a","b"]', ["a", "b"], None),
        (' [ "a, b" , "c\\"d" ] ', ["a, b", 'c"d'], None),
        ('["\\u00e9", "\\ud83d\\ude00", "a\\nb"]', ["é", "😀", "a\nb"], None),
        ("[1, 2.5, -3, null]", ["1", "2.5", "-3"], None),
        ("[2.50]", None, "list_unreadable"),
        ("[123456789012345678]", ["123456789012345678"], None),
        ("[12345678901234567890]", None, "list_unreadable"),
        ("[]", None, None),
        ('["", null]', None, None),
        ('["a"', None, "list_unreadable"),
        ('["\\ud83d"]', None, "list_unreadable"),
        ('[["a"]]', None, "list_unreadable"),
        ('[{"a": 1}]', None, "list_unreadable"),
        ("['a', 'b']", None, "list_unreadable"),
        ("{a,b}", None, "list_unreadable"),
        ('{"a b","c"}', None, "list_unreadable"),
        ("[VIP]", ["[VIP]"], None),
        ("a{b}", ["a{b}"], None),
    ],
)
def test_arrays_as_text(
    text: str, values: list[str] | None, code: str | None, separator: str
) -> None:
    assert one(text, LIST, separator=separator) == (values, code)


def test_lists_as_text() -> None:
    assert converted(["a, b;c ,, a", " ", None], LIST, separator=",") == [
        (["a", "b;c"], None),
        (None, None),
        (None, None),
    ]


def test_lists_as_text_need_a_separator() -> None:
    message = r"^Tags is given a column of type String; .* declare .* `separator: ','`\.$"
    with pytest.raises(TypeMismatchError, match=message):
        one("a,b", LIST, field="Tags")


@pytest.mark.parametrize("dtype", [pl.List(pl.List(pl.String)), pl.List(pl.Struct({"a": pl.Int8}))])
def test_lists_of_lists_or_structs_are_refused(dtype: pl.DataType) -> None:
    with pytest.raises(TypeMismatchError, match="Anything is given a column"):
        converted([None], LIST, dtype=dtype)


def test_events_take_no_lists() -> None:
    with pytest.raises(TypeMismatchError, match="code 512"):
        one(["a"], object="event")


def test_the_length_of_lists_is_a_setting() -> None:
    assert one(["a", "b"], LIST, limits=Limits(list_items=1)) == (None, "list_too_long")


def test_groups() -> None:
    assert converted([["news", "offers"], [], None], GROUPS) == [
        ({"email": ["news", "offers"]}, None),
        (None, None),
        (None, None),
    ]
    assert one("news; offers", GROUPS, separator=";") == ({"email": ["news", "offers"]}, None)
    channels = [{"email": ["news"], "sms": []}, {"email": None, "sms": None}, None]
    assert converted(channels, GROUPS) == [
        ({"email": ["news"], "sms": None}, None),
        (None, None),
        (None, None),
    ]


def test_groups_of_unknown_channels() -> None:
    with pytest.raises(TypeMismatchError, match=r"channels \(email, sms, whatsapp, push\)"):
        one({"fax": ["news"]}, GROUPS)
