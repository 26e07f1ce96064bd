"""DateFormats are the forms of dates as text, written as `strftime` writes them."""

import re
from collections.abc import Mapping

import polars as pl

_DIRECTIVE = re.compile(r"%[-_0]?(?:\.?[369]?f|:{0,3}z|#z|.)", re.DOTALL)
# Which directives give a year, a month, a day; some give all.
_PARTS: Mapping[str, str] = {"year": "YyCGgFDxc+v", "month": "mbBhFDxc+vjUW", "day": "deFDxc+vj"}
_HOURS, _MINUTES = "HIklTRrXc+", "MTRrXc+"
_SUCH_AS = "Write, say, '%d/%m/%Y', or '%d.%m.%Y %H:%M:%S'."
_OF_PEOPLE: Mapping[str, str] = {
    "YYYY": "%Y", "yyyy": "%Y", "YY": "%y", "yy": "%y", "MM": "%m", "DD": "%d", "dd": "%d",
    "HH": "%H", "hh": "%H", "mm": "%M", "SS": "%S", "ss": "%S",
}  # fmt: skip
_WORD = re.compile("|".join(_OF_PEOPLE))


def problem(form: str) -> str | None:
    """Why no date is read by this format, and what to write instead; None if one is."""
    directives = {found[-1] for found in _DIRECTIVE.findall(form)}
    if not directives:
        written = _WORD.sub(lambda word: _OF_PEOPLE[word[0]], form)
        hint = f"Write {written!r}." if written != form else _SUCH_AS
        return f"{form!r} has no directives such as %d. {hint}"
    for part in ("year", "month", "day"):
        if directives.isdisjoint(_PARTS[part]):
            return f"{form!r} has no {part}. {_SUCH_AS}"
    if not directives.isdisjoint(_HOURS) and directives.isdisjoint(_MINUTES):
        return f"{form!r} has hours without minutes. {_SUCH_AS}"
    try:
        pl.Series(["x"]).str.to_datetime(form, time_unit="us", strict=False)
    except pl.exceptions.PolarsError:
        return f"{form!r} is no format that is read. {_SUCH_AS}"
    return None
