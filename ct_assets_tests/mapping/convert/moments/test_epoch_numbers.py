"""Numbers that count from 1970, and those that may be something else."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType
from ct_assets_tests.mapping.convert.run import converted, one
from ct_assets_tests.mapping.splitting import profiles

DATE, TIMESTAMP = FieldType.DATE, FieldType.TIMESTAMP


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
