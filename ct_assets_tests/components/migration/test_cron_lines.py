from typing import Any

import pytest

from ct_assets.components.migration.cron_lines import of_days, of_interval


@pytest.mark.parametrize(
    ("unit", "quantity", "start", "line"),
    [
        ("minute", 15, None, "*/15 * * * *"),
        ("minutes", 1, None, "* * * * *"),
        ("minute", 60, None, "0 * * * *"),
        ("minute", 45, None, None),
        ("hour", 1, "2023-06-24T02:10:00.000Z", "10 * * * *"),
        ("hour", 6, None, "0 */6 * * *"),
        ("hour", 24, None, "0 0 * * *"),
        ("hour", 5, None, None),
        ("day", 1, "2023-06-24T02:30:00.000Z", "30 2 * * *"),
        ("day", 2, None, None),
        ("week", 1, None, "0 0 * * 0"),
        ("month", 1, None, None),
        ("hour", "6", None, None),
        ("hour", 0, None, None),
    ],
)
def test_intervals(unit: str, quantity: object, start: str | None, line: str | None) -> None:
    assert of_interval(unit, quantity, start) == line


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ({"days": {"monday": True, "friday": True}, "time": "08:30"}, "30 8 * * 1,5"),
        (
            {
                "days": dict.fromkeys(
                    (
                        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday",
                        "saturday",
                    ),
                    True,
                ),
                "time": "23:05",
            },
            "5 23 * * *",
        ),
        ({"days": {"monday": False}, "time": "08:30"}, None),
        ({"days": {"monday": True}, "time": "noon"}, None),
        ({"days": {"monday": True}, "time": "25:00"}, None),
        ({"time": "08:30"}, None),
    ],
)  # fmt: skip
def test_days(expression: dict[str, Any], line: str | None) -> None:
    assert of_days(expression) == line
