from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.sandbox.page.times import ZoneClock, buckets

LISBON = ZoneClock(ZoneInfo("Europe/Lisbon"))
UTC_CLOCK = ZoneClock(UTC)


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("first", "last", "unit", "labels"),
    [
        ("2024-02-28 10:59", "2024-02-28 11:00", "minute", ("28 Feb 10:59", "28 Feb 11:00")),
        (
            "2024-02-28 10:30",
            "2024-02-28 12:00",
            "hour",
            ("28 Feb 2024 10:00", "28 Feb 2024 12:00"),
        ),
        ("2024-02-20", "2024-03-01", "day", ("20 Feb 2024", "1 Mar 2024")),
        ("2024-01-03", "2024-12-31", "week", ("week of 1 Jan 2024", "week of 30 Dec 2024")),
        ("2021-01-31", "2025-12-31", "month", ("Jan 2021", "Dec 2025")),
        ("1970-01-01", "2024-06-01", "year", ("1970", "2024")),
        ("1000-01-01", "5138-06-01", "58 years", ("986", "5104")),
    ],
)
def test_the_unit_fits_the_span(first: str, last: str, unit: str, labels: tuple[str, str]) -> None:
    found = buckets(_at(first), _at(last), UTC_CLOCK)

    assert (found.unit, found.labels[0], found.labels[-1]) == (unit, *labels)


def test_months_begin_at_midnight_of_the_zone() -> None:
    found = buckets(_at("2024-01-15"), _at("2026-06-15"), LISBON)

    assert [LISBON.time(edge) for edge in found.edges[5:7]] == [
        "2024-06-01 00:00:00",
        "2024-07-01 00:00:00",
    ]


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_buckets_hold_the_whole_span_and_are_few(first: int, span: int) -> None:
    last = min(first + span, 10**12)

    found = buckets(first, last, LISBON)

    shown = [int(LISBON.at(end).timestamp()) for end in (first, last)]
    assert found.edges[0] <= shown[0]
    assert shown[1] < found.edges[-1]
    assert list(found.edges) == sorted(set(found.edges))
    assert len(found.labels) == len(found.edges) - 1 <= 80


def test_moments_no_calendar_has_are_drawn_in() -> None:
    assert UTC_CLOCK.time(10**18).startswith("9998-12-30")
