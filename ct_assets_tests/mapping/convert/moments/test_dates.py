from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Target
from ct_assets_tests.mapping.convert.run import converted, one, outcomes

DATE, TIMESTAMP = FieldType.DATE, FieldType.TIMESTAMP

# 1706659200 is 2024-01-31 00:00:00 UTC, 1706722200 is 17:30:00 of that day.
TEXTS = [
    ("2024-01-31", 1706659200),
    (" 2024-01-31 ", 1706659200),
    ("2024-01-31 17:30", 1706722200),
    ("2024-01-31 17:30:00", 1706722200),
    ("2024-01-31T17:30:00", 1706722200),
    ("2024-01-31T17:30:00.999999", 1706722200),
    ("2024-01-31 17:30:00.123456789", 1706722200),
    ("2024-01-31T17:30:00Z", 1706722200),
    ("2024-01-31T17:30:00z", 1706722200),
    ("2024-01-31T17:30:00.500Z", 1706722200),
    ("2024-01-31 17:30:00 UTC", 1706722200),
    ("2024-01-31 17:30:00.000 UTC", 1706722200),
    ("2024-01-31 19:30:00+02:00", 1706722200),
    ("2024-01-31 19:30:00+0200", 1706722200),
    ("2024-01-31 19:30:00+02", 1706722200),
    ("2024-01-31 12:30:00.000 -0500", 1706722200),
    ("2024-01-31T17:30Z", 1706722200),
    ("2024-01-31T19:30+02:00", 1706722200),
    ("2024-01-31 17:30:00 GMT", 1706722200),
    ("1990-01-01", 631152000),
    ("1969-12-31 23:59:59", -1),
    ("1969-12-31 23:59:59.5", -1),
    ("1706722200", 1706722200),
    ("1706722200999", 1706722200),
    ("1706722200.0", 1706722200),
    ("1706722200.999", 1706722200),
    ("$D_1706722200", 1706722200),
    ("1000-01-01", -30610224000),
    ("9999-12-31 23:59:59", 253402300799),
]


@pytest.mark.parametrize(("text", "seconds"), TEXTS)
def test_dates_from_text(text: str, seconds: int) -> None:
    assert one(text, DATE) == (f"$D_{seconds}", None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31/01/2024", "date_unreadable"),
        ("01/31/2024", "date_unreadable"),
        ("31.01.2024", "date_unreadable"),
        ("2024-02-30", "date_unreadable"),
        ("2024-13-01", "date_unreadable"),
        ("2024-01-31 25:00:00", "date_unreadable"),
        ("2024-01-31 24:00:00", "date_unreadable"),
        ("2024-01-31T", "date_unreadable"),
        ("2024-01-31x", "date_unreadable"),
        ("2024-01-31 17:30:00 Europe/Berlin", "date_unreadable"),
        ("2024-01-31 17:30:00+25:00", "date_unreadable"),
        ("Jan 31, 2024", "date_unreadable"),
        ("yesterday", "date_unreadable"),
        ("1706722200e0", "date_unreadable"),
        ("17067222001706722200", "date_unreadable"),
        ("20240131", "date_ambiguous"),
        ("1985", "date_ambiguous"),
        ("0", "date_ambiguous"),
        ("0.0", "date_ambiguous"),
        ("-1", "date_ambiguous"),
        ("0000-00-00", "date_unreadable"),
        ("0000-00-00 00:00:00", "date_unreadable"),
        ("202401", "date_ambiguous"),
        ("170672220012300", "date_unit"),
        ("24-01-31", "date_out_of_range"),
        ("0001-01-01", "date_out_of_range"),
        ("0999-12-31", "date_out_of_range"),
    ],
)
def test_text_that_is_no_date(text: str, code: str) -> None:
    assert one(text, DATE) == (None, code)
    assert one(text, TIMESTAMP) == (
        None,
        code if code != "date_out_of_range" else "ts_out_of_range",
    )


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_blank_text_is_no_date_and_no_mistake(text: str) -> None:
    assert one(text, DATE) == (None, None)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_datetimes_of_every_unit(unit: Literal["ms", "us", "ns"]) -> None:
    moments = [datetime(2024, 1, 31, 17, 30, 0, 999000), datetime(1969, 12, 31, 23, 59, 59, 500000)]
    expected = [("$D_1706722200", None), ("$D_-1", None), (None, None)]
    assert converted([*moments, None], DATE, dtype=pl.Datetime(unit)) == expected


def test_datetimes_with_a_zone_keep_it() -> None:
    moment = datetime(2024, 1, 31, 18, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    column = pl.Datetime("us", "Europe/Berlin")
    assert converted([moment], DATE, dtype=column, timezone="Asia/Tokyo") == [
        ("$D_1706722200", None)
    ]


# DuckDB's infinity and -infinity, as Dates and as Datetimes.
@pytest.mark.parametrize(
    ("dtype", "physical"),
    [
        (pl.Date, [2147483647, -2147483647, 2932897, -354286]),
        (pl.Datetime("us"), [9223372036854775807, -9223372036854775807, 253402300800000000]),
        (pl.Datetime("ms"), [9223372036854775807, -30610224000001]),
        (pl.Datetime("us", "UTC"), [9223372036854775807]),
    ],
)
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin"])
def test_moments_no_calendar_has(dtype: pl.DataType, physical: list[int], timezone: str) -> None:
    moments = pl.Series(physical).cast(dtype)
    lists = moments.reshape((-1, 1))
    for column, kind in [
        (moments, DATE),
        (moments, FieldType.STRING),
        (lists, FieldType.LIST),
    ]:
        found = outcomes(column, Target("Field", kind, timezone=timezone))
        assert found["code"].unique().to_list() == ["date_out_of_range"]
    found = outcomes(moments, Target("ts", TIMESTAMP, timezone=timezone))
    assert found["code"].unique().to_list() == ["date_out_of_range"]


@pytest.mark.parametrize(
    ("day", "timezone", "seconds"),
    [
        (date(2024, 1, 31), "UTC", 1706659200),
        (date(2024, 1, 31), "Europe/Berlin", 1706655600),
        (date(2024, 1, 31), "Asia/Kolkata", 1706639400),
        (date(1990, 1, 1), "UTC", 631152000),
        # Midnight did not exist there on that day.
        (date(2018, 11, 4), "America/Sao_Paulo", 1541300400),
    ],
)
def test_days_begin_in_the_declared_zone(day: date, timezone: str, seconds: int) -> None:
    assert one(day, DATE, timezone=timezone) == (f"$D_{seconds}", None)
    assert one(day.isoformat(), DATE, timezone=timezone) == (f"$D_{seconds}", None)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2024-01-31 18:30:00", ("$D_1706722200", None)),
        ("2024-03-31 01:59:59", ("$D_1711846799", None)),
        ("2024-03-31 02:30:00", (None, "time_does_not_exist")),
        ("2024-03-31 03:00:00", ("$D_1711846800", None)),
        # Twice on that night: the earlier.
        ("2024-10-27 02:30:00", ("$D_1729989000", None)),
    ],
)
def test_clocks_that_leap(local: str, expected: tuple[str | None, str | None]) -> None:
    moment = datetime.fromisoformat(local)
    assert one(moment, DATE, timezone="Europe/Berlin") == expected
    assert one(local, DATE, timezone="Europe/Berlin") == expected
    assert one(local + "Z", DATE, timezone="Europe/Berlin")[1] is None


def test_a_day_that_its_zone_leapt_over_is_told() -> None:
    """Samoa went from the 29th to the 31st."""
    day = date(2011, 12, 30)

    assert one(day, DATE, timezone="Pacific/Apia") == (None, "time_does_not_exist")
    assert one(day.isoformat(), DATE, timezone="Pacific/Apia") == (
        None,
        "time_does_not_exist",
    )
