"""Epoch numbers count from 1970: in their `unit`, or in seconds or milliseconds by their size."""

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.mapping.convert.conversion import Check, EpochUnit
from ct_assets.mapping.convert.dtypes import LAST_SECOND, PER_SECOND

# A ts of 0 is refused with 525, and after 2099 lies only what was meant as milliseconds.
LAST_TS = 4_102_444_799

# Seconds stay below this until the year 5138, milliseconds are above it since 1973.
_MILLISECONDS_FROM = 10**11
_MILLISECONDS_UNTIL = 10**14
_SECONDS_A_DAY = 86_400

_AMBIGUOUS = (
    RejectedCode("date_ambiguous"),
    "either a year, a month or a day, or a moment counted from 1970, or 0 for no date at all: "
    "declare its `unit` or its `format`",
)
_ZERO = (
    RejectedCode("date_ambiguous"),
    "0, which stands for no date at all: make it null in the source, or the date 1970-01-01",
)
UNIT_TOO_FINE = (
    RejectedCode("date_unit"),
    "too small for its `unit`, by which it would lie in the first weeks of 1970: declare the "
    "`unit` that it counts",
)
_UNIT = (
    RejectedCode("date_unit"),
    "too large for seconds or milliseconds since 1970: declare `unit: us` or `unit: ns`",
)


def from_epoch(number: pl.Expr, unit: EpochUnit | None) -> tuple[pl.Expr, tuple[Check, ...]]:
    """Seconds since 1970, and the reasons for which a number may be no count of its unit."""
    if unit is not None:
        counted = number // PER_SECOND[unit]
        return counted, (
            Check(number == 0, *_ZERO),
            Check(_may_be_coarser(number, counted, unit), *UNIT_TOO_FINE),
        )
    seconds = pl.when(number.abs() < _MILLISECONDS_FROM).then(number).otherwise(number // 1000)
    return seconds, (
        Check(_may_be_another(number), *_AMBIGUOUS),
        Check(number.abs() >= _MILLISECONDS_UNTIL, *_UNIT),
    )


def _may_be_another(number: pl.Expr) -> pl.Expr:
    """Whether a number may be no count of seconds or milliseconds.

    But a year, or days of Excel or since 1970; a month such as 202401; a day such as 20240131; the
    last day of 9999 in seconds, which stands for no end.
    """
    tens = number % 100
    month = number.is_between(180001, 220012) & tens.is_between(1, 12)
    day = (
        number.is_between(18000101, 22001231)
        & (number // 100 % 100).is_between(1, 12)
        & tens.is_between(1, 31)
    )
    endless = number.is_between(LAST_SECOND - _SECONDS_A_DAY, LAST_SECOND)
    near = number.is_between(1 - _SECONDS_A_DAY, _SECONDS_A_DAY - 1)
    return near | month | day | endless


def _may_be_coarser(number: pl.Expr, seconds: pl.Expr, unit: EpochUnit) -> pl.Expr:
    """Whether a number counts something longer than its unit: seconds, and not milliseconds.

    Such a count lies in the first weeks of 1970. Whole days there are believed, with a warning:
    somebody may have been born on one.
    """
    if unit == "s":
        return pl.lit(value=False)
    near = (number.abs() >= _SECONDS_A_DAY) & (seconds.abs() <= LAST_TS // 1000)
    return near & (number % (_SECONDS_A_DAY * PER_SECOND[unit]) != 0)


def in_first_weeks(seconds: pl.Expr) -> pl.Expr:
    """Of 1970: there lies what counts seconds until 2099 where its unit says milliseconds."""
    return seconds.abs().is_between(_SECONDS_A_DAY, LAST_TS // 1000)
