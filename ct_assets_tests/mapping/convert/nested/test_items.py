from datetime import date, time

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Limits, Target, TypeMismatchError
from ct_assets_tests.mapping.convert.run import converted, one, outcomes

ITEMS = FieldType.ITEMS


def items(value: object) -> tuple[object, str | None]:
    return one(value, ITEMS, object="event", field="Items")


def test_items_arrive_as_they_are() -> None:
    given = [{"sku": "A1", "qty": 2, "price": 4.5}, {"sku": "B7", "qty": 1, "price": None}]
    assert items(given) == (given, None)


def test_values_inside_items_are_converted() -> None:
    given = [{"day": date(2024, 1, 31), "at": time(9, 30, 0, 500_000), "gift": True, "note": None}]
    sent = {"day": "$D_1706659200", "at": "09:30:00.500", "gift": True, "note": None}
    assert items(given) == ([sent], None)


def test_items_that_are_nothing() -> None:
    dtype = pl.List(pl.Struct({"sku": pl.String}))
    given = [[{"sku": "A1"}, None, {"sku": None}], [None, {"sku": None}], [], None, [{"sku": ""}]]
    assert converted(given, ITEMS, dtype=dtype, object="event") == [
        ([{"sku": "A1"}], None),
        (None, None),
        (None, None),
        (None, None),
        ([{"sku": ""}], None),
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([{"sku": "x" * 512}], None),
        ([{"sku": "A1"}, {"sku": "x" * 513}], "text_too_long"),
        ([{"sku": "$D_1"}], "text_looks_like_date"),
        ([{"price": float("nan")}], "number_not_finite"),
        ([{"n": i} for i in range(256)], None),
        ([{"n": i} for i in range(257)], "items_too_many"),
    ],
)
def test_limits_of_items(given: list[dict[str, object]], code: str | None) -> None:
    assert items(given) == (None if code else given, code)


def test_the_number_of_items_is_a_setting() -> None:
    limits = Limits(items=1)
    assert one([{"n": 1}, {"n": 2}], ITEMS, limits=limits) == (None, "items_too_many")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2**64 - 1, "n of an item: beyond a 64-bit integer: make it text in the source's SQL"),
        ("$D_1", "n of an item: begins with $D_, by which CleverTap knows a date: make it a date "),
    ],
)
def test_what_cannot_be_declared_inside_items_is_not_advised(value: object, told: str) -> None:
    dtype = pl.UInt64 if isinstance(value, int) else pl.String
    column = pl.Series([[{"n": value}]], dtype=pl.List(pl.Struct({"n": dtype})))
    found = outcomes(column, Target("Items", ITEMS, object="event"))

    assert found["message"][0].startswith(told)
    assert "declare" not in found["message"][0]


def test_the_message_names_the_value_inside() -> None:
    column = pl.Series([[{"sku": "A1", "price": float("inf")}]])
    found = outcomes(column, Target("Items", ITEMS, object="event"))
    assert found["message"].to_list() == [
        "price of an item: NaN or infinity, which cannot be sent: make it null in the source"
    ]


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        (pl.List(pl.String), "Items are a list of structs"),
        (pl.String, "Items are a list of structs"),
        (pl.Struct({"sku": pl.String}), "Items are a list of structs"),
        (pl.List(pl.Struct({})), "Items are a list of structs"),
        (pl.List(pl.Struct({"tags": pl.List(pl.String)})), "Items.tags .* must be flat"),
        (
            pl.List(pl.Struct({"box": pl.Struct({"a": pl.Int8})})),
            "Items.box .* must be flat .*: take it apart in the source",
        ),
        (pl.List(pl.Struct({"raw": pl.Binary})), "Items.raw .* no binary"),
        (
            pl.List(pl.Struct({"a.b": pl.Int8})),
            "^Items has a value named 'a.b': CleverTap forbids . in names",
        ),
    ],
)
def test_items_that_can_never_fit(dtype: pl.DataType, message: str) -> None:
    with pytest.raises(TypeMismatchError, match=message):
        converted([None], ITEMS, dtype=dtype, object="event", field="Items")
