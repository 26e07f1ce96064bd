"""Digits of dates are read by the widths of their format, which chrono does not keep to.

It takes 11124 by `%d%m%y` for the 11th of December 2004.
"""

import functools
import re

import polars as pl

from ct_assets.mapping.convert.dtypes import trimmed

_WHOLE = r"^(-?\d+)(?:\.0*)?$"
# Chrono reads a blank of a format where the text has none, too.
_BLANK = re.compile(r"\s|%[nt]")
_DIRECTIVE = re.compile(r"%(?:[369]f|[-_0]?.)|.", re.DOTALL)
_WIDTHS = {
    **dict.fromkeys("CgymdeHkIlMSUWV", 2),
    **dict.fromkeys("YG", 4),
    **dict.fromkeys("uw", 1),
    "j": 3,
}


def digits(source: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Text, or a number as its digits: null where it is no whole one."""
    if dtype.is_float():
        whole = source.cast(pl.Int64, strict=False)
        return pl.when(whole == source).then(whole).cast(pl.String)
    if isinstance(dtype, pl.Decimal):
        return source.cast(pl.String).str.extract(_WHOLE)
    return trimmed(source, dtype)


def fitting(text: pl.Expr, form: str, *, number: bool) -> pl.Expr:
    """Null where the widths of `form` do not fit; a `number` gets back the zeros it has lost."""
    if number:
        form = _BLANK.sub("", form)
        widths = _widths(form)
        if None not in widths:
            text = text.str.zfill(sum(width or 0 for width in widths))
    pattern = _pattern(form)
    return text if pattern is None else pl.when(text.str.contains(pattern)).then(text)


@functools.cache
def _widths(form: str) -> tuple[int | None, ...]:
    """Of each part of the format, None of those that are not of one number of digits."""
    return tuple(_width(part) for part in _DIRECTIVE.findall(form))


def _width(part: str) -> int | None:
    if part[0] != "%":
        return 1 if part.isdecimal() else None
    return int(part[1]) if part[-1] == "f" and part[1:-1] else _WIDTHS.get(part[-1])


@functools.cache
def _pattern(form: str) -> str | None:
    """Of texts in which parts that follow on one another without a sign have all their digits."""
    runs: list[list[int]] = [[]]
    for width in _widths(form):
        if width is None:
            runs.append([])
        else:
            runs[-1].append(width)
    if all(len(run) < 2 for run in runs):
        return None
    within = (rf"\d{{{sum(run)}}}" if len(run) > 1 else "" for run in runs)
    return f"^{'.*'.join(within)}$"
