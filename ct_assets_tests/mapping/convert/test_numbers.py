from decimal import Decimal

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Limits
from ct_assets_tests.mapping.convert.run import converted, one

INTEGER, FLOAT, AGE = FieldType.INTEGER, FieldType.FLOAT, FieldType.AGE
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("0", 0, None),
        ("-17", -17, None),
        ("+5", 5, None),
        ("007", 7, None),
        (" 42 ", 42, None),
        ("42.0", 42, None),
        ("1.00", 1, None),
        ("-9007199254740993.000", -9007199254740993, None),
        ("100", 100, None),
        ("1.", None, "number_unreadable"),
        ("1.0.0", None, "number_unreadable"),
        ("9223372036854775808.00", None, "number_out_of_range"),
        ("9223372036854775807", 9223372036854775807, None),
        ("-9223372036854775808", -9223372036854775808, None),
        ("9007199254740993", 9007199254740993, None),
        ("9223372036854775808", None, "number_out_of_range"),
        ("1e30", None, "number_out_of_range"),
        ("4.5", None, "number_has_fraction"),
        ("nan", None, "number_not_finite"),
        ("Infinity", None, "number_not_finite"),
        ("12,5", None, "number_unreadable"),
        ("1,000", None, "number_unreadable"),
        ("1 000", None, "number_unreadable"),
        ("12 EUR", None, "number_unreadable"),
        ("0x1F", None, "number_unreadable"),
        ("1_000", None, "number_unreadable"),
        ("٣", None, "number_unreadable"),
        ("one", None, "number_unreadable"),
        ("", None, None),
        ("  ", None, None),
    ],
)
def test_integers_from_text(text: str, value: int | None, code: str | None) -> None:
    assert one(text, INTEGER) == (value, code)


@pytest.mark.parametrize(
    ("dtype", "given", "value", "code"),
    [
        (pl.Int8, -128, -128, None),
        (pl.UInt32, 4294967295, 4294967295, None),
        (pl.Int64, -9223372036854775808, -9223372036854775808, None),
        (pl.UInt64, 9223372036854775807, 9223372036854775807, None),
        (pl.UInt64, 9223372036854775808, None, "number_out_of_range"),
        (pl.Int128, 9223372036854775807, 9223372036854775807, None),
        (pl.Int128, -9223372036854775809, None, "number_out_of_range"),
        (pl.UInt128, 9223372036854775808, None, "number_out_of_range"),
        (pl.Float64, 3.0, 3, None),
        (pl.Float64, -0.0, 0, None),
        (pl.Float64, 3.5, None, "number_has_fraction"),
        (pl.Float64, 9223372036854775808.0, None, "number_out_of_range"),
        (pl.Float64, NAN, None, "number_not_finite"),
        (pl.Float64, -INF, None, "number_not_finite"),
        (pl.Float32, 16777216.0, 16777216, None),
        (pl.Decimal(10, 2), Decimal("12.00"), 12, None),
        (pl.Decimal(10, 2), Decimal("12.01"), None, "number_has_fraction"),
        (pl.Decimal(38, 0), Decimal(10) ** 18, 10**18, None),
        (pl.Decimal(38, 0), Decimal(10) ** 19, None, "number_out_of_range"),
        (pl.Boolean, True, 1, None),
    ],
)
def test_integers_from_other_types(
    dtype: pl.DataType, given: object, value: int | None, code: str | None
) -> None:
    assert converted([given, None], INTEGER, dtype=dtype) == [(value, code), (None, None)]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("1", 1.0, None),
        ("42.5", 42.5, None),
        ("-0.1", -0.1, None),
        (".5", 0.5, None),
        ("1e3", 1000.0, None),
        (" 3.98 ", 3.98, None),
        ("9007199254740991", 9007199254740991.0, None),
        ("9007199254740993", None, "number_too_precise"),
        ("0.30000000000000004", 0.30000000000000004, None),
        ("1.10000000000000000000", 1.1, None),
        ("0.00000000000000000001", 1e-20, None),
        ("-1.2345678901234567e-300", -1.2345678901234567e-300, None),
        ("1000000.00000000012", None, "number_too_precise"),
        ("NaN", None, "number_not_finite"),
        ("-inf", None, "number_not_finite"),
        ("1e400", None, "number_not_finite"),
        ("1e-400", None, "number_too_precise"),
        ("-4.9E-330", None, "number_too_precise"),
        (f"0.{'0' * 330}1", None, "number_too_precise"),
        ("1.2345678901e-310", None, "number_too_precise"),
        ("2.5e-308", 2.5e-308, None),
        ("0e-400", 0.0, None),
        ("-0.000000000000000000", -0.0, None),
        ("12,5", None, "number_unreadable"),
        ("€5", None, "number_unreadable"),
        ("", None, None),
    ],
)
def test_floats_from_text(text: str, value: float | None, code: str | None) -> None:
    assert one(text, FLOAT) == (value, code)


@pytest.mark.parametrize(
    ("dtype", "given", "value", "code"),
    [
        (pl.Float64, 0.1, 0.1, None),
        (pl.Float64, 1e300, 1e300, None),
        (pl.Float64, NAN, None, "number_not_finite"),
        (pl.Float64, INF, None, "number_not_finite"),
        (pl.Float32, 0.1, 0.1, None),
        (pl.Float32, INF, None, "number_not_finite"),
        (pl.Int64, 9007199254740992, 9007199254740992.0, None),
        (pl.Int64, 9007199254740993, None, "number_too_precise"),
        (pl.Int64, -9007199254740993, None, "number_too_precise"),
        (pl.UInt64, 18446744073709551615, None, "number_too_precise"),
        (pl.Int32, 7, 7.0, None),
        (pl.Decimal(38, 2), Decimal("12.10"), Decimal("12.10"), None),
        (pl.Decimal(38, 10), Decimal("1000000.0000000001"), Decimal("1000000.0000000001"), None),
        (pl.Decimal(38, 0), Decimal(10) ** 37, Decimal(10) ** 37, None),
        (pl.Decimal(38, 10), Decimal("10000000.0000000001"), None, "number_too_precise"),
        (pl.Decimal(38, 10), Decimal("-10000000.0000000001"), None, "number_too_precise"),
        (pl.Decimal(38, 9), Decimal("123456789.500000000"), Decimal("123456789.5"), None),
        (pl.Decimal(38, 20), Decimal("0.12345678901234567"), Decimal("0.12345678901234567"), None),
        (pl.Decimal(38, 20), Decimal("0.123456789012345678"), None, "number_too_precise"),
        (pl.Decimal(18, 0), Decimal(123456789012345678), None, "number_too_precise"),
        (pl.Decimal(17, 0), Decimal(12345678901234567), Decimal(12345678901234567), None),
    ],
)
def test_floats_from_other_types(
    dtype: pl.DataType, given: object, value: float | None, code: str | None
) -> None:
    assert converted([given, None], FLOAT, dtype=dtype) == [(value, code), (None, None)]


@pytest.mark.parametrize(
    ("given", "value", "code"),
    [
        ("18", 18, None),
        ("aa", None, "number_unreadable"),
        ("18.5", None, "number_has_fraction"),
        ("0", 0, None),
        ("-1", None, "age_out_of_range"),
        ("130", 130, None),
        ("131", None, "age_out_of_range"),
        (18, 18, None),
        (18.0, 18, None),
        (1985, None, "age_out_of_range"),
    ],
)
def test_ages(given: object, value: int | None, code: str | None) -> None:
    assert one(given, AGE) == (value, code)


def test_the_range_of_ages_is_a_setting() -> None:
    assert one(12, AGE, limits=Limits(age=(13, 120))) == (None, "age_out_of_range")


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([Decimal("12.10")], pl.Decimal(10, 2), Decimal("12.10")),
        ([Decimal(12)], pl.Decimal(38, 0), 12),
        ([1.5], pl.Float32, 1.5),
        ([7], pl.Int16, 7),
    ],
)
def test_numbers_without_a_declared_type(
    values: list[object], dtype: pl.DataType, expected: object
) -> None:
    assert converted(values, dtype=dtype) == [(expected, None)]
