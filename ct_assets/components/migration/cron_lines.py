"""CronLines say as lines of cron what other tools write as intervals, or as days and times."""

import re
from collections.abc import Mapping
from typing import Any

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_PER = {"minute": 60, "hour": 24}
"""How many of a unit the next greater one has, by which intervals begin anew."""


def of_interval(unit: str, quantity: object, start: object = None) -> str | None:
    """Of every so many minutes, hours, days or weeks; None if no line of cron says that.

    `start` is a time in ISO 8601, whose hour and minute, in UTC, those of days and weeks take.
    """
    unit = unit.removesuffix("s")
    if not isinstance(quantity, int) or quantity < 1:
        return None
    if quantity == _PER.get(unit):
        unit, quantity = {"minute": "hour", "hour": "day"}[unit], 1
    if unit in _PER and _PER[unit] % quantity:
        return None
    every = f"*/{quantity}" if quantity > 1 else "*"
    hour, minute = _time(str(start)) or (0, 0)
    lines = {
        "minute": f"{every} * * * *",
        "hour": f"{minute} {every} * * *",
        "day": f"{minute} {hour} * * *" if quantity == 1 else None,
        "week": f"{minute} {hour} * * 0" if quantity == 1 else None,
    }
    return lines.get(unit)


def of_days(expression: Mapping[str, Any]) -> str | None:
    """Of some days of the week at one time: `{days: {monday: true}, time: "08:30"}`."""
    days, at = expression.get("days"), _time(str(expression.get("time")))
    if at is None or not isinstance(days, Mapping):
        return None
    numbers = [str(_DAYS.index(day)) for day in _DAYS if days.get(day)]
    if not numbers:
        return None
    return f"{at[1]} {at[0]} * * {'*' if len(numbers) == len(_DAYS) else ','.join(numbers)}"


def _time(text: str) -> tuple[int, int] | None:
    found = re.search(r"(?:^|T)([01]?\d|2[0-3]):([0-5]\d)", text)
    return (int(found[1]), int(found[2])) if found else None
