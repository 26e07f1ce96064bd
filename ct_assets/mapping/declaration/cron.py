"""Enough of crontab(5) to find a mistake when a declaration is read."""

import re

from ct_assets.mapping.declaration.problems import near

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "weekday": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORTHANDS = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually", "@midnight")
_RANGE = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")


def cron_problem(line: str) -> str | None:
    if line in _SHORTHANDS:
        return None
    fields = line.split()
    if len(fields) == 1:
        return (
            f"{line!r} is no cron line{near(line, ('on_change', *_SHORTHANDS))} Every hour is "
            "`0 * * * *`."
        )
    if len(fields) != len(_FIELDS):
        return (
            f"{line!r} is no cron line: it has {len(fields)} fields instead of five (minute hour "
            "day month weekday). Every hour is `0 * * * *`."
        )
    for text, (unit, first, last) in zip(fields, _FIELDS, strict=True):
        for item in text.split(","):
            if not _fits(item, unit, first, last):
                return f"{item!r} in the cron line is no {unit}, which goes from {first} to {last}."
    return _never(*fields[2:])


def _never(day: str, month: str, weekday: str) -> str | None:
    """Days that none of their months has, such as the 31st of February."""
    if not all(item.isdecimal() for item in day.split(",")) or weekday != "*" or month == "*":
        return None
    months = [_number(item, "month", 1) for item in month.split(",")]
    longest = max((_LENGTHS[number - 1] for number in months if number), default=31)
    if None in months or min(map(int, day.split(","))) <= longest:
        return None
    return f"the cron line names day {day} of month {month}, which never comes."


def _fits(item: str, unit: str, first: int, last: int) -> bool:
    match = _RANGE.fullmatch(item)
    if not match:
        return False
    values = [_number(text, unit, first) for text in match.groups()[:2] if text]
    in_bounds = all(value is not None and first <= value <= last for value in values)
    return in_bounds and match.group(3) != "0"


def _number(text: str, unit: str, first: int) -> int | None:
    if text.isdecimal():
        return int(text)
    names = _NAMES.get(unit, [])
    return names.index(text.lower()) + first if text.lower() in names else None
