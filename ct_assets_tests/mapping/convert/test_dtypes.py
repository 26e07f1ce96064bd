"""Every polars type against every type of field: it converts, or says why it never can."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from ct_assets.clevertap.codes import explain
from ct_assets.mapping.convert import FieldType, Target, TypeMismatchError, convert
from ct_assets_tests.mapping.convert.run import converted, outcomes

MOMENT = datetime(2024, 1, 31, 17, 30)

# dtype, a value of it, and what it is sent as when no type is declared.
NATURAL: list[tuple[pl.DataType, Any, object]] = [
    (pl.String(), "a", "a"),
    (pl.Categorical(), "a", "a"),
    (pl.Enum(["a"]), "a", "a"),
    (pl.Int8(), -8, -8),
    (pl.Int16(), -16, -16),
    (pl.Int32(), -32, -32),
    (pl.Int64(), -64, -64),
    (pl.Int128(), -128, -128),
    (pl.UInt8(), 8, 8),
    (pl.UInt16(), 16, 16),
    (pl.UInt32(), 32, 32),
    (pl.UInt64(), 64, 64),
    (pl.UInt128(), 128, 128),
    (pl.Float32(), 0.1, 0.1),
    (pl.Float64(), 0.1, 0.1),
    (pl.Decimal(10, 2), Decimal("12.10"), Decimal("12.10")),
    (pl.Decimal(38, 0), Decimal(12), 12),
    (pl.Boolean(), False, False),
    (pl.Date(), MOMENT.date(), "$D_1706659200"),
    (pl.Datetime("ms"), MOMENT, "$D_1706722200"),
    (pl.Datetime("us"), MOMENT, "$D_1706722200"),
    (pl.Datetime("ns"), MOMENT, "$D_1706722200"),
    (
        pl.Datetime("ms", "Asia/Kolkata"),
        MOMENT.replace(tzinfo=ZoneInfo("Asia/Kolkata")),
        "$D_1706702400",
    ),
    (pl.Time(), time(17, 30), "17:30:00"),
    (pl.Time(), time(23, 59, 59, 999_000), "23:59:59.999"),
    (pl.List(pl.String()), ["a"], ["a"]),
    (pl.Array(pl.String(), 1), ["a"], ["a"]),
    (pl.Null(), None, None),
]


@pytest.mark.parametrize(("dtype", "value", "sent"), NATURAL, ids=str)
def test_without_a_declared_type(dtype: pl.DataType, value: Any, sent: object) -> None:
    assert converted([value, None], dtype=dtype) == [(sent, None), (None, None)]


@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [
        (pl.Struct({"a": pl.Int8()}), "`nested: flatten`"),
        (pl.Duration("us"), "no durations"),
        (pl.Binary(), "no binary values"),
        (pl.Object(), "a type of its own"),
        (pl.List(pl.Struct({"a": pl.Int8()})), "the field takes text"),
    ],
    ids=str,
)
def test_types_that_cannot_be_sent(dtype: pl.DataType, wanted: str) -> None:
    with pytest.raises(TypeMismatchError, match=rf"^A is given a column of type .*{wanted}"):
        convert(pl.col("given"), dtype, Target("A"))


NUMBERS: set[Any] = {
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
    pl.UInt128, pl.Float32, pl.Float64, pl.Decimal,
}  # fmt: skip
WHOLE = NUMBERS - {pl.Float32, pl.Float64, pl.Decimal}
TEXTS: set[Any] = {pl.String, pl.Categorical, pl.Enum, pl.Null}
MOMENTS: set[Any] = {pl.Date, pl.Datetime}
TAKEN: dict[FieldType, set[Any]] = {
    FieldType.STRING: TEXTS | NUMBERS | MOMENTS | {pl.Boolean, pl.Time},
    FieldType.INTEGER: TEXTS | NUMBERS | {pl.Boolean},
    FieldType.FLOAT: TEXTS | NUMBERS,
    FieldType.BOOLEAN: TEXTS | NUMBERS | {pl.Boolean},
    FieldType.DATE: TEXTS | NUMBERS | MOMENTS,
    FieldType.LIST: TEXTS | {pl.List, pl.Array},
    FieldType.PHONE: TEXTS | WHOLE,
    FieldType.EMAIL: TEXTS,
    FieldType.GENDER: TEXTS,
    FieldType.YES_NO: TEXTS | NUMBERS | {pl.Boolean},
    FieldType.EDUCATION: TEXTS,
    FieldType.AGE: TEXTS | NUMBERS,
    FieldType.GROUPS: TEXTS | {pl.List, pl.Array},
    FieldType.ITEMS: {pl.Null},
    FieldType.TIMESTAMP: TEXTS | NUMBERS | MOMENTS,
    FieldType.IDENTITY: TEXTS | WHOLE,
    FieldType.OBJECT_ID: TEXTS | WHOLE,
    FieldType.EVENT_NAME: TEXTS,
    FieldType.PUSH_TOKEN: TEXTS,
    FieldType.PUSH_SERVICE: TEXTS,
    FieldType.SUBSCRIPTION: TEXTS | NUMBERS | {pl.Boolean},
}
SAMPLES = [(dtype, value) for dtype, value, _ in NATURAL if dtype != pl.Decimal(38, 0)]
OTHERS: list[tuple[pl.DataType, Any]] = [
    (pl.Duration("us"), timedelta(days=1)),
    (pl.Binary(), b"\x00\xff"),
    (pl.Struct({"a": pl.Int8()}), {"a": 1}),
    (pl.Object(), date),
]


@pytest.mark.parametrize(("dtype", "value"), SAMPLES + OTHERS, ids=str)
@pytest.mark.parametrize("kind", FieldType)
def test_with_a_declared_type(kind: FieldType, dtype: pl.DataType, value: Any) -> None:
    target = Target("Field", kind, separator=",")
    if type(dtype) not in TAKEN[kind]:
        with pytest.raises(TypeMismatchError, match=r"^Field is given a column of type .*; .*\.$"):
            convert(pl.col("given"), dtype, target)
        return
    found = outcomes(pl.Series([value, None], dtype=dtype), target)
    first, nothing = found.rows(named=True)
    assert nothing == {"value": None, "failed": False, "code": None, "message": None}
    if first["failed"]:
        assert first["value"] is None
        assert first["message"]
        assert explain(first["code"]).kind == "rejected"
    else:
        assert (first["code"], first["message"]) == (None, None)


@pytest.mark.parametrize("kind", FieldType)
def test_columns_without_rows(kind: FieldType) -> None:
    column = pl.Series([], dtype=pl.String)
    if kind is not FieldType.ITEMS:
        assert outcomes(column, Target("Field", kind, separator=",")).is_empty()
