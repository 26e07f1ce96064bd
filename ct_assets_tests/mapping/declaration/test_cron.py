import pytest

from ct_assets.mapping.declaration.cron import cron_problem


@pytest.mark.parametrize(
    "line",
    [
        "0 * * * *",
        "*/15 0-6,20 1 jan-mar mon",
        "@daily",
        "5 4 * * sun",
        "0 0 31 12 7",
        "1-59/2 * * * *",
        "0 0 29 2 *",
        "0 0 31 1,2 *",
        "0 0 31 4 mon",
    ],
)
def test_lines_that_cron_takes(line: str) -> None:
    assert cron_problem(line) is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hourly", "'hourly' is no cron line; did you mean '@hourly'? Every hour is `0 * * * *`."),
        ("onchange", "'onchange' is no cron line; did you mean 'on_change'?"),
        ("0 0 * *", "'0 0 * *' is no cron line: it has 4 fields instead of five"),
        ("0 0 30,31 feb *", "the cron line names day 30,31 of month feb, which never comes"),
        ("0 0 31 4,6 *", "the cron line names day 31 of month 4,6, which never comes"),
        ("60 * * * *", "'60' in the cron line is no minute, which goes from 0 to 59"),
        ("0 24 * * *", "'24' in the cron line is no hour"),
        ("0 0 0 * *", "'0' in the cron line is no day"),
        ("0 0 * foo *", "'foo' in the cron line is no month"),
        ("*/0 * * * *", "'*/0' in the cron line is no minute"),
        ("0 0 * * 8", "'8' in the cron line is no weekday"),
    ],
)
def test_lines_that_cron_refuses(line: str, told: str) -> None:
    assert told in str(cron_problem(line))
