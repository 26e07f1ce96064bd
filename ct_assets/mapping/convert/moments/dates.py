"""Dates and timestamps become epoch seconds, whatever form the source gives them."""

import functools
import re

import polars as pl

from ct_assets.clevertap.codes import RejectedCode, WarnedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import (
    OUTSIDE,
    Check,
    Converted,
    Doubt,
    EpochUnit,
    Steps,
    Target,
    converts_to,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import (
    FIRST_SECOND,
    LAST_SECOND,
    PER_SECOND,
    in_calendar,
    is_text,
    trimmed,
)
from ct_assets.mapping.convert.moments.date_digits import digits, fitting
from ct_assets.mapping.convert.text import DATE_MARK

# A ts of 0 is refused with 525, and after 2099 lies only what was meant as milliseconds.
LAST_TS = 4_102_444_799

# Seconds stay below this until the year 5138, milliseconds are above it since 1973.
_MILLISECONDS_FROM = 10**11
_MILLISECONDS_UNTIL = 10**14
_SECONDS_A_DAY = 86_400
# `$D_` for those who write it themselves; a fraction, as 1706722200.0, is of tools that keep
# integers as floats where a column has nulls.
_NUMBER = r"^(?:\$D_)?([+-]?\d{1,19})(?:\.\d*)?$"

_TIME = re.compile("%[-_0]?[HIklTRrXc+]")
_DAY, _MINUTE, _SECOND = (len("2024-01-31"), len("2024-01-31 17:30"), len("2024-01-31 17:30:00"))

_UNREADABLE = (
    RejectedCode("date_unreadable"),
    "not a date in ISO 8601, such as 2024-01-31 or 2024-01-31T17:30:00+02:00: declare the `format` "
    "of other forms",
)
_OTHER_FORMS = "add other forms to its `format`, or correct it in the source"
_GAP = (
    RejectedCode("time_does_not_exist"),
    "the clocks of its time zone leapt over this time: declare the `timezone` in which the source "
    "writes its times",
)
_AMBIGUOUS = (
    RejectedCode("date_ambiguous"),
    "either a year, a month or a day, or a moment counted from 1970, or 0 for no date at all: "
    "declare its `unit` or its `format`",
)
_ZERO = (
    RejectedCode("date_ambiguous"),
    "0, which stands for no date at all: make it null in the source, or the date 1970-01-01",
)
_UNIT_TOO_FINE = (
    RejectedCode("date_unit"),
    "too small for its `unit`, by which it would lie in the first weeks of 1970: declare the "
    "`unit` that it counts",
)
_MAY_BE_COARSER = (
    WarnedCode("date_reading"),
    "sent as a day in the first weeks of 1970, or else it counts something longer than its `unit`: "
    "if nobody was born then, declare the `unit` that it counts",
)
_UNIT = (
    RejectedCode("date_unit"),
    "too large for seconds or milliseconds since 1970: declare `unit: us` or `unit: ns`",
)


@converts_to(FieldType.DATE)
def date(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """`$D_` and epoch seconds; a day without a time is its first moment in the target's zone."""
    seconds, checks = _seconds(source, dtype, target, steps)
    value = pl.lit(DATE_MARK) + seconds.cast(pl.String)
    outside = Check(~seconds.is_between(FIRST_SECOND, LAST_SECOND), *OUTSIDE)
    converted = steps.checked(value, *checks, outside)
    if target.unit in (None, "s") or target.formats or isinstance(dtype, pl.Date | pl.Datetime):
        return converted
    counted = steps.column("number").is_not_null()
    return converted.doubted(Doubt(counted & _in_first_weeks(seconds), *_MAY_BE_COARSER))


@converts_to(FieldType.TIMESTAMP)
def timestamp(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """Epoch seconds as an integer: `ts` of a record."""
    seconds, checks = _seconds(source, dtype, target, steps)
    outside = Check(
        ~seconds.is_between(1, LAST_TS),
        RejectedCode("ts_out_of_range"),
        "not between 1970-01-01 and 2099-12-31: if it is a number, declare its `unit`",
    )
    if target.unit is not None:  # a 0 is told as any other ts that is too small
        early = Check(_in_first_weeks(seconds), *_UNIT_TOO_FINE)
        return steps.checked(seconds, outside, *checks, *((early,) if target.unit != "s" else ()))
    return steps.checked(seconds, *checks, outside)


def _seconds(
    source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps
) -> tuple[pl.Expr, tuple[Check, ...]]:
    if isinstance(dtype, pl.Date | pl.Datetime):
        return _from_moment(source, dtype, target.timezone, steps)
    if target.formats and (is_text(dtype) or dtype.is_numeric()):
        return _from_formats(source, dtype, target, steps)
    if dtype.is_numeric():
        return _from_number(source, dtype, target.unit, steps)
    if is_text(dtype):
        return _from_text(steps.keep("text", trimmed(source, dtype)), target, steps)
    raise mismatch(target, dtype, "the field takes a date, a timestamp or ISO 8601 text.")


def _epoch(moment: pl.Expr) -> pl.Expr:
    return moment.dt.epoch("s").cast(pl.Int64)


def _placed(local: pl.Expr, timezone: str) -> pl.Expr:
    """Of two moments at the end of summer time the earlier; null for hours leapt over."""
    if timezone == "UTC":
        return local
    return local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")


def _first_moment(day: pl.Expr, timezone: str) -> pl.Expr:
    midnight = day.cast(pl.Datetime("us"))
    if timezone == "UTC":
        return midnight
    # In some zones summer time begins at midnight: that day begins at one o'clock.
    one = midnight.dt.offset_by("1h")
    return pl.coalesce(_placed(midnight, timezone), _placed(one, timezone))


def _from_moment(
    source: pl.Expr, dtype: pl.Date | pl.Datetime, timezone: str, steps: Steps
) -> tuple[pl.Expr, tuple[Check, ...]]:
    moment = steps.keep("moment", in_calendar(source, dtype))
    outside = Check(moment.is_null() & source.is_not_null(), *OUTSIDE)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return steps.keep("seconds", _epoch(moment)), (outside,)
    placed = _first_moment if isinstance(dtype, pl.Date) else _placed
    seconds = steps.keep("seconds", _epoch(placed(moment, timezone)))
    return seconds, (outside, Check(seconds.is_null() & moment.is_not_null(), *_GAP))


def _from_number(
    source: pl.Expr, dtype: pl.DataType, unit: EpochUnit | None, steps: Steps
) -> tuple[pl.Expr, tuple[Check, ...]]:
    number = source.floor() if dtype.is_float() else source
    whole = steps.keep("number", number.cast(pl.Int64, strict=False))
    lost = Check(whole.is_null() & source.is_not_null(), *_UNREADABLE)
    seconds, doubts = _from_epoch(whole, unit)
    return steps.keep("seconds", seconds), (lost, *doubts)


def _from_epoch(number: pl.Expr, unit: EpochUnit | None) -> tuple[pl.Expr, tuple[Check, ...]]:
    if unit is not None:
        counted = number // PER_SECOND[unit]
        return counted, (
            Check(number == 0, *_ZERO),
            Check(_may_be_coarser(number, counted, unit), *_UNIT_TOO_FINE),
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


def _in_first_weeks(seconds: pl.Expr) -> pl.Expr:
    """Of 1970: there lies what counts seconds until 2099 where its unit says milliseconds."""
    return seconds.abs().is_between(_SECONDS_A_DAY, LAST_TS // 1000)


def _from_text(text: pl.Expr, target: Target, steps: Steps) -> tuple[pl.Expr, tuple[Check, ...]]:
    number = steps.keep("number", text.str.extract(_NUMBER).cast(pl.Int64, strict=False))
    counted, doubts = _from_epoch(number, target.unit)
    zoned = is_zoned(text)
    spaced = steps.keep("spaced", pl.when(~zoned).then(_spaced(text)))
    local = steps.keep("local", _local(spaced))
    whole_day = steps.keep("day", day(spaced))
    seconds = steps.keep(
        "seconds",
        pl.coalesce(
            _epoch(_placed(local, target.timezone)),
            _epoch(_first_moment(whole_day, target.timezone)),
            _epoch(moment_in_utc(pl.when(zoned).then(text))),
            counted,
        ),
    )
    lost = seconds.is_null() & text.is_not_null()
    return seconds, (
        *doubts,
        Check(lost & (local.is_not_null() | whole_day.is_not_null()), *_GAP),
        Check(lost, *_UNREADABLE),
    )


def _from_formats(
    source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps
) -> tuple[pl.Expr, tuple[Check, ...]]:
    """By the first of the declared formats that reads the whole text, or all digits of a number."""
    forms, number = target.formats, dtype.is_numeric()
    text = steps.keep("text", digits(source, dtype))
    read = [
        steps.keep(f"format{place}", _read(fitting(text, form, number=number), form))
        for place, form in enumerate(forms)
    ]
    placed = [_of_form(moment, form, target) for form, moment in zip(forms, read, strict=True)]
    seconds = steps.keep("seconds", pl.coalesce(map(_epoch, placed)))
    lost = seconds.is_null() & (source if number else text).is_not_null()
    known = " or ".join(repr(form) for form in forms)
    return seconds, (
        Check(lost & pl.any_horizontal(moment.is_not_null() for moment in read), *_GAP),
        Check(lost, _UNREADABLE[0], f"not a date of the form {known}: {_OTHER_FORMS}"),
    )


def _of_form(moment: pl.Expr, form: str, target: Target) -> pl.Expr:
    if _has_offset(form):
        return moment
    return (_placed if _TIME.search(form) else _first_moment)(moment, target.timezone)


@functools.cache
def _has_offset(form: str) -> bool:
    dtype = pl.Series(["x"]).str.to_datetime(form, time_unit="us", strict=False).dtype
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


def is_zoned(text: pl.Expr) -> pl.Expr:
    """Whether a time zone, or an offset, stands behind a date and a time."""
    return text.str.slice(10, 40).str.contains_any(["Z", "z", "+", "-", "UTC", "GMT"])


def local_moment(text: pl.Expr) -> pl.Expr:
    """A date, with or without a time, that has no zone: a day is its midnight."""
    spaced = pl.when(~is_zoned(text)).then(_spaced(text))
    return pl.coalesce(_local(spaced), day(spaced).cast(pl.Datetime("us")))


def moment_in_utc(text: pl.Expr) -> pl.Expr:
    """A date and a time with its zone, in UTC.

    BigQuery writes `UTC` after the time, Snowflake a blank before the offset, Java no `:00`.
    """
    plain = text.str.replace(r"\s?(?:UTC|GMT|z)$", "Z").str.replace(r"\s([+-])", "$1")
    plain = plain.str.replace(r"^(.{10}[T ]\d\d:\d\d)([Z+-])", "$1:00$2")
    return _read(_spaced(plain), "%Y-%m-%d %H:%M:%S%.f%#z").dt.replace_time_zone(None)


def day(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_bytes() <= _DAY).then(text).str.to_date("%F", strict=False)


def _spaced(text: pl.Expr) -> pl.Expr:
    return text.str.replace("T", " ", literal=True)


def _local(text: pl.Expr) -> pl.Expr:
    """Tried in the order of their cost: polars reads the first form three times as fast."""
    length = text.str.len_bytes()
    return pl.coalesce(
        _read(pl.when(length <= _SECOND).then(text), "%Y-%m-%d %H:%M:%S"),
        _read(pl.when(length > _SECOND).then(text), "%Y-%m-%d %H:%M:%S%.f"),
        _read(pl.when(length.is_between(_DAY + 1, _MINUTE)).then(text), "%F %R"),
    )


def _read(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_datetime(form, time_unit="us", strict=False)
