"""Dates of a declared format, as text and as digits of a number."""

import math
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Target
from ct_assets_tests.mapping.convert.run import converted, one, outcomes

DATE = FieldType.DATE

AFTERNOON = ("$D_1706722200", None)


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
