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
    in_calendar,
    is_text,
    trimmed,
)
from ct_assets.mapping.convert.moments.date_digits import digits, fitting
from ct_assets.mapping.convert.moments.epoch_numbers import (
    LAST_TS,
    UNIT_TOO_FINE,
    from_epoch,
    in_first_weeks,
)
from ct_assets.mapping.convert.moments.iso_texts import (
    day,
    is_zoned,
    moment_in_utc,
    parsed,
    spaced,
    without_zone,
)
from ct_assets.mapping.convert.text import DATE_MARK

# `$D_` for those who write it themselves; a fraction, as 1706722200.0, is of tools that keep
# integers as floats where a column has nulls.
_NUMBER = r"^(?:\$D_)?([+-]?\d{1,19})(?:\.\d*)?$"

_TIME = re.compile("%[-_0]?[HIklTRrXc+]")

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
_MAY_BE_COARSER = (
    WarnedCode("date_reading"),
    "sent as a day in the first weeks of 1970, or else it counts something longer than its `unit`: "
    "if nobody was born then, declare the `unit` that it counts",
)


@converts_to(FieldType.DATE)
def date(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """`$D_` and epoch seconds; a day without a time is its first moment in the target's zone."""
    seconds, checks = _seconds(source, dtype, target, steps)
    value = pl.lit(DATE_MARK) + seconds.cast(pl.String)
    outside = Check(~seconds.is_between(FIRST_SECOND, LAST_SECOND), *OUTSIDE)
    converted = steps.checked(value, *checks, outside, plain=True)
    if target.unit in (None, "s") or target.formats or isinstance(dtype, pl.Date | pl.Datetime):
        return converted
    counted = steps.column("number").is_not_null()
    return converted.doubted(Doubt(counted & in_first_weeks(seconds), *_MAY_BE_COARSER))


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
        early = Check(in_first_weeks(seconds), *UNIT_TOO_FINE)
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
    seconds, doubts = from_epoch(whole, unit)
    return steps.keep("seconds", seconds), (lost, *doubts)


def _from_text(text: pl.Expr, target: Target, steps: Steps) -> tuple[pl.Expr, tuple[Check, ...]]:
    number = steps.keep("number", text.str.extract(_NUMBER).cast(pl.Int64, strict=False))
    counted, doubts = from_epoch(number, target.unit)
    zoned = is_zoned(text)
    unzoned = steps.keep("spaced", pl.when(~zoned).then(spaced(text)))
    local = steps.keep("local", without_zone(unzoned))
    whole_day = steps.keep("day", day(unzoned))
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
        steps.keep(f"format{place}", parsed(fitting(text, form, number=number), form))
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
