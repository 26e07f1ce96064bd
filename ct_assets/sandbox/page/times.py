"""Shows epoch seconds in the project's time zone, and cuts spans of time into buckets."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

# From the first second of the year 2 to a day before the year 9999: in no time zone does this leave
# the range of datetime, or reach its last year, which has no next one to end a bucket.
_EARLIEST, _LATEST = -62_104_060_800, 253_370_764_799 - 86_400


class ZoneClock:
    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def at(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(min(max(seconds, _EARLIEST), _LATEST), self._zone)

    def time(self, seconds: float) -> str:
        return f"{self.at(seconds):%Y-%m-%d %H:%M:%S}"

    def day(self, seconds: float) -> str:
        return f"{self.at(seconds):%a %-d %b %Y}"

    def hour(self, seconds: float) -> str:
        return f"{self.at(seconds):%H:%M:%S}"

    def iso(self, seconds: float) -> str:
        return self.at(seconds).isoformat(timespec="seconds")


class Buckets(NamedTuple):
    unit: str
    edges: tuple[int, ...]
    """One more than there are buckets."""
    labels: tuple[str, ...]


class _Unit(NamedTuple):
    name: str
    seconds: float
    """About."""
    label: str
    floor: Callable[[datetime], datetime]
    after: Callable[[datetime], datetime]


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _month_after(at: datetime) -> datetime:
    return (at.replace(day=1) + timedelta(days=32)).replace(day=1)


_UNITS = (
    _Unit(
        "minute",
        60,
        "%-d %b %H:%M",
        lambda at: at.replace(second=0, microsecond=0),
        lambda at: at + timedelta(minutes=1),
    ),
    _Unit(
        "hour",
        3600,
        "%-d %b %Y %H:00",
        lambda at: at.replace(minute=0, second=0, microsecond=0),
        lambda at: at + timedelta(hours=1),
    ),
    _Unit("day", 86_400, "%-d %b %Y", _midnight, lambda at: at + timedelta(days=1)),
    _Unit(
        "week",
        7 * 86_400,
        "week of %-d %b %Y",
        lambda at: _midnight(at) - timedelta(days=at.weekday()),
        lambda at: at + timedelta(days=7),
    ),
    _Unit("month", 30 * 86_400, "%b %Y", lambda at: _midnight(at).replace(day=1), _month_after),
)


def buckets(first: int, last: int, clock: ZoneClock, most: int = 72) -> Buckets:
    """The finest calendar unit that cuts `first` to `last` into no more than about `most`."""
    span = last - first
    unit = next((unit for unit in _UNITS if span <= unit.seconds * most), None)
    return _buckets(first, last, clock, unit or _years(int(span // (365 * 86_400 * most)) + 1))


def _years(count: int) -> _Unit:
    def floor(at: datetime) -> datetime:
        return _midnight(at).replace(year=max(at.year - at.year % count, 1), month=1, day=1)

    def after(at: datetime) -> datetime:
        return at.replace(year=min(at.year + count, 9999))

    return _Unit("year" if count == 1 else f"{count} years", 0, "%Y", floor, after)


def _buckets(first: int, last: int, clock: ZoneClock, unit: _Unit) -> Buckets:
    at, end = unit.floor(clock.at(first)), clock.at(last)
    starts = [at]
    while at <= end:
        at = unit.after(at)
        starts.append(at)
    edges = tuple(int(start.timestamp()) for start in starts)
    return Buckets(unit.name, edges, tuple(f"{start:{unit.label}}" for start in starts[:-1]))
