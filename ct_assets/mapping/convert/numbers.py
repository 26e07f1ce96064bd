"""Integers, floats and ages are sent exactly, or rejected with the reason."""

import sys
from decimal import Decimal

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import (
    NOT_FINITE,
    Check,
    Converted,
    Steps,
    Target,
    converts_to,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import is_text, trimmed

# Beyond it a float no longer holds every whole number.
WHOLE_IN_FLOAT = 2**53
# The most digits that the shortest text of any float has.
DIGITS_IN_FLOAT = 17
# Nearer to 0 a float has fewer digits, and at last none.
_LEAST_WHOLE = sys.float_info.min
_NOT_ZERO = r"^[+-]?[0.]*[1-9]"
_SIGNIFICANT = r"^[+-]?0*\.?0*([\d.]*?)0*(?:[eE].*)?$"

_RANGE = (
    RejectedCode("number_out_of_range"),
    "beyond a 64-bit integer: declare `type: string` to send its digits as text",
)
_RANGE_INSIDE = (
    RejectedCode("number_out_of_range"),
    "beyond a 64-bit integer: make it text in the source's SQL to send its digits",
)
_FRACTION = (
    RejectedCode("number_has_fraction"),
    "has a fraction where a whole number is wanted: round it with `expr:`, or declare "
    "`type: float`",
)
_PRECISION = (
    RejectedCode("number_too_precise"),
    "has more digits than a float keeps: round it in the source, or declare `type: string` to send "
    "every digit",
)
_TOO_SMALL = (
    RejectedCode("number_too_precise"),
    "so near to 0 that a float does not keep its digits: round it in the source, or declare "
    "`type: string` to send every digit",
)
_UNREADABLE = (
    RejectedCode("number_unreadable"),
    "not a number: write it like 1234.5, without thousands separator, decimal comma or currency",
)


@converts_to(FieldType.INTEGER)
def integer(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if is_text(dtype):
        return _integer_from_text(steps.keep("text", trimmed(source, dtype)), steps)
    if not (dtype.is_numeric() or isinstance(dtype, pl.Boolean)):
        raise mismatch(target, dtype, "the field takes whole numbers.")
    value = source.cast(pl.Int64, strict=False)
    beyond = _RANGE_INSIDE if target.inside else _RANGE
    lost = Check(value.is_null() & source.is_not_null(), *beyond)
    if isinstance(dtype, pl.UInt64 | pl.Int128 | pl.UInt128):
        return steps.checked(value, lost)
    if isinstance(dtype, pl.Decimal):
        return steps.checked(value, Check(source != source.floor(), *_FRACTION), lost)
    if dtype.is_float():
        return steps.checked(value, *_whole(source), lost)
    return steps.checked(value)


def _whole(number: pl.Expr) -> tuple[Check, Check]:
    return (
        Check(~number.is_finite(), *NOT_FINITE),
        Check(number != number.floor(), *_FRACTION),
    )


def _integer_from_text(text: pl.Expr, steps: Steps) -> Converted:
    plain = steps.keep("plain", text.cast(pl.Int64, strict=False))
    value = steps.keep("number", plain.fill_null(_without_places(text, plain)))
    lost = value.is_null() & text.is_not_null()
    number = text.cast(pl.Float64, strict=False)
    return steps.checked(
        value,
        Check(lost & ~number.is_finite(), *NOT_FINITE),
        Check(lost & (number != number.floor()), *_FRACTION),
        Check(lost & (number.abs() >= WHOLE_IN_FLOAT), *_RANGE),
        Check(lost, *_UNREADABLE),
    )


def whole_number(text: pl.Expr) -> pl.Expr:
    """Text as an integer; null where it is none."""
    plain = text.cast(pl.Int64, strict=False)
    return plain.fill_null(_without_places(text, plain))


def _without_places(text: pl.Expr, plain: pl.Expr) -> pl.Expr:
    # Tools that keep integers as floats where a column has nulls write 42 as 42.0, others as 42.00.
    places = pl.when(plain.is_null()).then(text).str.replace(r"\.0+$", "")
    return places.cast(pl.Int64, strict=False)


@converts_to(FieldType.FLOAT)
def float_(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if is_text(dtype):
        return _float_from_text(steps.keep("text", trimmed(source, dtype)), steps)
    if not dtype.is_numeric():
        raise mismatch(target, dtype, "the field takes numbers.")
    if isinstance(dtype, pl.Decimal):
        return steps.checked(source, *_precise(source, dtype))
    value = steps.keep("float", _as_float(source, dtype))
    if dtype.is_float():
        return steps.checked(value, Check(~value.is_finite(), *NOT_FINITE))
    if isinstance(dtype, pl.Int64 | pl.UInt64 | pl.Int128 | pl.UInt128):
        beyond = source > WHOLE_IN_FLOAT
        if dtype.is_signed_integer():
            beyond |= source < -WHOLE_IN_FLOAT
        return steps.checked(value, Check(beyond, *_PRECISION))
    return steps.checked(value)


def _precise(source: pl.Expr, dtype: pl.Decimal) -> tuple[Check, ...]:
    """Every digit of a decimal is written, and CleverTap keeps a float of it."""
    if dtype.precision <= DIGITS_IN_FLOAT:
        return ()
    places = DIGITS_IN_FLOAT - dtype.scale
    beyond = pl.lit(Decimal(10) ** places) if places > 0 else pl.lit(Decimal(0))
    long = pl.when(source.abs() >= beyond).then(source).cast(pl.String)
    digits = long.str.extract(_SIGNIFICANT).str.count_matches(r"\d")
    return (Check((digits > DIGITS_IN_FLOAT), *_PRECISION),)


def _as_float(source: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Float16 | pl.Float32):
        # By way of its text: what the source shows as 0.1 must not become 0.10000000149011612.
        return source.cast(pl.String).cast(pl.Float64)
    return source.cast(pl.Float64)


def _float_from_text(text: pl.Expr, steps: Steps) -> Converted:
    value = steps.keep("number", text.cast(pl.Float64, strict=False))
    return steps.checked(
        value,
        Check(value.is_null() & text.is_not_null(), *_UNREADABLE),
        Check(~value.is_finite(), *NOT_FINITE),
        Check(_too_long(text, value), *_PRECISION),
        Check(_too_small(text, value), *_TOO_SMALL),
    )


def kept_float(text: pl.Expr) -> pl.Expr:
    """Text as a float; null where it is none, or would be changed by becoming one."""
    value = text.cast(pl.Float64, strict=False)
    changed = (_too_long(text, value) & value.is_finite()) | _too_small(text, value)
    return pl.when(~changed.fill_null(value=False)).then(value)


def _too_long(text: pl.Expr, value: pl.Expr) -> pl.Expr:
    long = pl.when(text.str.len_bytes() > DIGITS_IN_FLOAT).then(text)
    digits = long.str.extract(_SIGNIFICANT).str.count_matches(r"\d")
    return (value.abs() >= WHOLE_IN_FLOAT) | (digits > DIGITS_IN_FLOAT)


def _too_small(text: pl.Expr, value: pl.Expr) -> pl.Expr:
    # 1e-308 is the shortest of them; most texts of a 0 are shorter.
    small = (value.abs() < _LEAST_WHOLE) & (text.str.len_bytes() >= len("1e-308"))
    return pl.when(small).then(text).str.contains(_NOT_ZERO)


@converts_to(FieldType.AGE)
def age(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if isinstance(dtype, pl.Boolean):
        raise mismatch(target, dtype, "an age is a whole number.")
    number = integer(source, dtype, target, steps)
    value = steps.keep("age", number.value)
    lowest, highest = target.limits.age
    strange = ~value.is_between(lowest, highest)
    return steps.checked(
        value,
        Check(number.failed, number.code, number.message),
        Check(
            strange,
            RejectedCode("age_out_of_range"),
            f"not the age of a person, which is {lowest} to {highest}: correct it in the source",
        ),
    )
