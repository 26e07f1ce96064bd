import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Target
from ct_assets_tests.mapping.convert.run import converted, one, outcomes
from ct_assets_tests.mapping.splitting import profiles

DATE, TIMESTAMP = FieldType.DATE, FieldType.TIMESTAMP

AFTERNOON = ("$D_1706722200", None)

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
    for column, kind in [(moments, DATE), (moments, FieldType.STRING), (lists, FieldType.LIST)]:
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


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [
        (1706722200, None, ("$D_1706722200", None)),
        (1706722200999, None, ("$D_1706722200", None)),
        (-86400, None, ("$D_-86400", None)),
        (99999999999, None, ("$D_99999999999", None)),
        (100000000000, None, ("$D_100000000", None)),
        (99999999999999, None, ("$D_99999999999", None)),
        (100000000000000, None, (None, "date_unit")),
        (20240131, None, (None, "date_ambiguous")),
        (20240131, "s", ("$D_20240131", None)),
        (20241331, None, ("$D_20241331", None)),
        (202413, None, ("$D_202413", None)),
        (202401, None, (None, "date_ambiguous")),
        (1985, None, (None, "date_ambiguous")),
        (45322, None, (None, "date_ambiguous")),
        (1985.0, None, (None, "date_ambiguous")),
        (1985, "s", ("$D_1985", None)),
        (86400, None, ("$D_86400", None)),
        (0, None, (None, "date_ambiguous")),
        (0.0, None, (None, "date_ambiguous")),
        (-1, None, (None, "date_ambiguous")),
        (-86399, None, (None, "date_ambiguous")),
        *((0, unit, (None, "date_ambiguous")) for unit in ("s", "ms", "us", "ns")),
        (0.0, "ms", (None, "date_ambiguous")),
        ("0", "s", (None, "date_ambiguous")),
        ("$D_0", "s", (None, "date_ambiguous")),
        (Decimal("0.00"), "ms", (None, "date_ambiguous")),
        (date(1970, 1, 1), None, ("$D_0", None)),
        (1, "s", ("$D_1", None)),
        (1706722200, "ms", (None, "date_unit")),
        (4102444799, "ms", (None, "date_unit")),
        (4102445000, "ms", ("$D_4102445", None)),
        (-1706722200, "ms", (None, "date_unit")),
        (31536000, "ms", (None, "date_unit")),
        (2592000000, "ms", ("$D_2592000", None)),
        (31536000000, "ms", ("$D_31536000", None)),
        (1706722200, "us", (None, "date_unit")),
        (1706722200123, "us", (None, "date_unit")),
        (1706722200, "ns", (None, "date_unit")),
        (1706722200123, "ns", (None, "date_unit")),
        (1706722200123456, "ns", (None, "date_unit")),
        ("1706722200", "ms", (None, "date_unit")),
        (253402300799, None, (None, "date_ambiguous")),
        (253402300799, "s", ("$D_253402300799", None)),
        (86400000, "ms", ("$D_86400", None)),
        (-1, "ms", ("$D_-1", None)),
        (1706722200123456, "us", ("$D_1706722200", None)),
        (1706722200123456789, "ns", ("$D_1706722200", None)),
        (1706722200123, "s", (None, "date_out_of_range")),
        (1706722200.9, None, ("$D_1706722200", None)),
        (float("nan"), None, (None, "date_unreadable")),
        (float("inf"), None, (None, "date_unreadable")),
        (Decimal("1706722200.5"), None, ("$D_1706722200", None)),
    ],
)
def test_numbers_since_1970(number: object, unit: str | None, expected: object) -> None:
    assert one(number, DATE, unit=unit) == expected


@pytest.mark.parametrize(
    ("given", "unit", "sent", "warned"),
    [
        (1641600000, "ms", "$D_1641600", True),  # 8 January 2022 as seconds, a day of 1970 as ms
        ("1641600000", "ms", "$D_1641600", True),
        (1641600000000, "us", "$D_1641600", True),
        (-86400000, "ms", "$D_-86400", True),
        (1641600000, "s", "$D_1641600000", False),
        (1641600000, None, "$D_1641600000", False),
        (4147200000, "ms", "$D_4147200", False),
        (1641600000000, "ms", "$D_1641600000", False),
        ("1970-01-20", "ms", "$D_1641600", False),
        (date(1970, 1, 20), "ms", "$D_1641600", False),
    ],
)
def test_a_day_in_the_first_weeks_of_1970_is_sent_with_a_warning(
    given: object, unit: str | None, sent: str, *, warned: bool
) -> None:
    rows = pl.DataFrame({"id": ["a"], "on": [given]})
    born = {"column": "on", "type": "date", **({"unit": unit} if unit else {})}

    outcome = profiles(rows, {"Born": born})

    assert outcome.data == [{"Born": sent}]
    assert outcome.warnings == [[("Born", "date_reading")] if warned else None]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_no_event_happened_then(unit: Literal["ms", "us", "ns"]) -> None:
    per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]

    assert converted([1641600 * per_second, 1706722200 * per_second], TIMESTAMP, unit=unit) == [
        (None, "date_unit"),
        (1706722200, None),
    ]


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (1700000000, None),
        (1, None),
        (0, "ts_out_of_range"),
        (-1, "ts_out_of_range"),
        (4102444799, None),
        (4102444800, "ts_out_of_range"),
    ],
)
def test_the_range_of_ts(seconds: int, code: str | None) -> None:
    assert one(seconds, TIMESTAMP, unit="s") == (None if code else seconds, code)


def test_ts_is_an_integer() -> None:
    moment = datetime(2024, 1, 31, 19, 30, tzinfo=timezone(timedelta(hours=2))).astimezone(UTC)
    assert one(moment, TIMESTAMP) == (1706722200, None)
    assert one("2024-01-31T17:30:00Z", TIMESTAMP) == (1706722200, None)
    assert one(date(2024, 1, 31), TIMESTAMP) == (1706659200, None)


def test_a_day_that_its_zone_leapt_over_is_told() -> None:
    """Samoa went from the 29th to the 31st."""
    day = date(2011, 12, 30)

    assert one(day, DATE, timezone="Pacific/Apia") == (None, "time_does_not_exist")
    assert one(day.isoformat(), DATE, timezone="Pacific/Apia") == (None, "time_does_not_exist")


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("31/01/2024", ["%d/%m/%Y"], ("$D_1706659200", None)),
        (" 31/1/2024 ", ["%d/%m/%Y"], ("$D_1706659200", None)),
        ("01/31/2024", ["%m/%d/%Y"], ("$D_1706659200", None)),
        ("31.01.24", ["%d.%m.%y"], ("$D_1706659200", None)),
        ("31 Jan 2024", ["%d %b %Y"], ("$D_1706659200", None)),
        ("January 31, 2024", ["%B %d, %Y"], ("$D_1706659200", None)),
        ("31/01/2024 5:30 PM", ["%d/%m/%Y %I:%M %p"], ("$D_1706722200", None)),
        ("31.01.2024 17:30:00.250", ["%d.%m.%Y %H:%M:%S%.f"], ("$D_1706722200", None)),
        ("31/01/2024 19:30 +0200", ["%d/%m/%Y %H:%M %z"], ("$D_1706722200", None)),
        ("31.01.2024", ["%d/%m/%Y", "%d.%m.%Y"], ("$D_1706659200", None)),
        ("02/03/2024", ["%d/%m/%Y", "%m/%d/%Y"], ("$D_1709337600", None)),
        ("01/31/2024", ["%d/%m/%Y", "%m/%d/%Y"], ("$D_1706659200", None)),
        ("20240131", ["%Y%m%d"], ("$D_1706659200", None)),
        (20240131, ["%Y%m%d"], ("$D_1706659200", None)),
        ("31/02/2024", ["%d/%m/%Y"], (None, "date_unreadable")),
        ("2024-01-31", ["%d/%m/%Y"], (None, "date_unreadable")),
        ("31/01/2024 17:30", ["%d/%m/%Y"], (None, "date_unreadable")),
        ("soon", ["%d/%m/%Y", "%F"], (None, "date_unreadable")),
        ("31/01/24", ["%d/%m/%Y"], (None, "date_out_of_range")),
        ("", ["%d/%m/%Y"], (None, None)),
        (None, ["%d/%m/%Y"], (None, None)),
        (date(2024, 1, 31), ["%d/%m/%Y"], ("$D_1706659200", None)),
    ],
)
def test_dates_of_declared_formats(text: object, formats: list[str], expected: object) -> None:
    dtype = pl.String if text is None else None
    assert converted([text], DATE, dtype=dtype, formats=formats) == [expected]
    assert converted([text], dtype=dtype, formats=formats) == [expected]


@pytest.mark.parametrize(
    ("number", "dtype", "form", "expected"),
    [
        (31012024.0, pl.Float64, "%d%m%Y", ("$D_1706659200", None)),
        (1022024.0, pl.Float64, "%d%m%Y", ("$D_1706745600", None)),
        (20240130.0, pl.Float32, "%Y%m%d", ("$D_1706572800", None)),
        (Decimal("31012024.00"), pl.Decimal(12, 2), "%d%m%Y", ("$D_1706659200", None)),
        (Decimal("1022024"), pl.Decimal(38, 0), "%d%m%Y", ("$D_1706745600", None)),
        (Decimal("20240131173000000000"), pl.Decimal(38, 0), "%Y%m%d%H%M%S%6f", AFTERNOON),
        (1022024, pl.Int64, "%d%m%Y", ("$D_1706745600", None)),
        (11124, pl.Int32, "%d%m%y", ("$D_1730419200", None)),
        (11124, pl.Int64, "%d %m %y", ("$D_1730419200", None)),
        (11124, pl.Int64, "%-d%m%y", ("$D_1730419200", None)),
        (12024, pl.Int64, "%j%Y", ("$D_1704067200", None)),
        (322024, pl.Int64, "%j%Y", ("$D_1706745600", None)),
        (90131, pl.Int64, "%y%m%d", ("$D_1233360000", None)),
        (31012024.5, pl.Float64, "%d%m%Y", (None, "date_unreadable")),
        (math.nan, pl.Float64, "%d%m%Y", (None, "date_unreadable")),
        (1e300, pl.Float64, "%d%m%Y", (None, "date_unreadable")),
        (Decimal("31012024.50"), pl.Decimal(12, 2), "%d%m%Y", (None, "date_unreadable")),
        (-31012024, pl.Int64, "%d%m%Y", (None, "date_unreadable")),
        (310120240, pl.Int64, "%d%m%Y", (None, "date_unreadable")),
        (31012024, pl.Int64, "%d/%m/%Y", (None, "date_unreadable")),
        (None, pl.Float64, "%d%m%Y", (None, None)),
    ],
)
def test_numbers_are_read_by_the_declared_format_alone(
    number: object, dtype: pl.DataType, form: str, expected: object
) -> None:
    """With the zeros before them that a number has lost."""
    assert converted([number], DATE, dtype=dtype, formats=[form]) == [expected]


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("011124", "%d%m%y", ("$D_1730419200", None)),
        ("11124", "%d%m%y", (None, "date_unreadable")),
        ("11124 17:30", "%d%m%y %H:%M", (None, "date_unreadable")),
        ("311024 7:30", "%d%m%y %H:%M", ("$D_1730359800", None)),
        ("1Nov24", "%d%b%y", ("$D_1730419200", None)),
    ],
)
def test_digits_without_a_sign_between_them_are_all_there(
    text: str, form: str, expected: object
) -> None:
    assert one(text, DATE, formats=[form]) == expected


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("31/01/2024 18:30", ["%d/%m/%Y %H:%M"], ("$D_1706722200", None)),
        ("31/01/2024 18:30 +0100", ["%d/%m/%Y %H:%M %z"], ("$D_1706722200", None)),
        ("31/01/2024", ["%d/%m/%Y"], ("$D_1706655600", None)),
        ("31/03/2024 02:30", ["%d/%m/%Y %H:%M"], (None, "time_does_not_exist")),
    ],
)
def test_declared_formats_are_read_in_the_zone(
    text: str, formats: list[str], expected: object
) -> None:
    assert one(text, DATE, formats=formats, timezone="Europe/Berlin") == expected


def test_a_day_whose_midnight_was_leapt_over_begins_at_one() -> None:
    given = one("04/11/2018", DATE, formats=["%d/%m/%Y"], timezone="America/Sao_Paulo")
    assert given == ("$D_1541300400", None)


def test_the_message_names_the_formats() -> None:
    found = outcomes(pl.Series(["x"]), Target("Born", DATE, formats=("%d/%m/%Y", "%F")))
    assert found["message"].to_list() == [
        "not a date of the form '%d/%m/%Y' or '%F': add other forms to its `format`, or correct "
        "it in the source"
    ]
