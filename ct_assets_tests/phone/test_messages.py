import re
from typing import Any

import polars as pl
import pytest

from ct_assets.phone import explain, metadata
from ct_assets.phone.messages import expectation

pytestmark = pytest.mark.usefixtures("either_way")


TEXTS: Any = {"phone": pl.String, "region": pl.String}
LEAVE_OUT = "leave it out of such rows with `on_invalid: drop`"
NOT_IN_USE = "; these are in no range that is in use"


@pytest.mark.parametrize(
    ("phone", "region", "options", "message"),
    [
        (
            "98765 4321",
            "IN",
            {},
            "9 digits after +91 (India); there mobile numbers and fixed lines have 10" + NOT_IN_USE,
        ),
        (
            "+453 3331 9991",
            None,
            {},
            "9 digits after +45 (Denmark); there mobile numbers and fixed lines have 8",
        ),
        (
            "253-0000",
            "CA",
            {},
            "7 digits after +1 (United States and others); there mobile numbers and fixed lines"
            " have 10; the area code is missing",
        ),
        (
            "+971 12345",
            None,
            {},
            "5 digits after +971 (United Arab Emirates); there mobile numbers have 9, fixed lines"
            " have 8" + NOT_IN_USE,
        ),
        (
            "+63 1234567",
            None,
            {},
            "7 digits after +63 (Philippines); there mobile numbers have 10, fixed lines have"
            " 6 or 8 to 10; the area code is missing",
        ),
        ("+800 123", None, {}, "3 digits after a calling code of no country: too few"),
        ("+800 123 456 789", None, {}, "9 digits after a calling code of no country: too many"),
        ("+979 2 1234 5678", None, {}, "9 digits after a calling code of no country" + NOT_IN_USE),
        (
            "98765 43210",
            None,
            {},
            "no country code, and the region of this row is empty: fill it in the source",
        ),
        (
            "98765 43210",
            "Atlantis",
            {},
            "no country code, and the region of this row is no known country: write an ISO 3166"
            " code or an English name",
        ),
        ("n/a", "IN", {}, "not a phone number"),
        ("+999 123 456", None, {}, "begins with a calling code that does not exist"),
        ("00999 123 456", "FR", {}, "begins with a calling code that does not exist"),
        ("1" * 18, "FR", {}, "too long for a phone number"),
        ("00 1", "FR", {}, "too short for a phone number"),
        (
            "+442079460958",
            None,
            {"accept": ["voip", "mobile"]},
            f"of type fixed_line, and `accept` takes mobile, voip; {LEAVE_OUT}",
        ),
        (
            "+4312345",
            None,
            {},
            f"valid, but of fewer than 8 digits, country code included; {LEAVE_OUT}",
        ),
        (
            "+6200180306988043318",
            None,
            {},
            f"valid, but of more than 15 digits, country code included; {LEAVE_OUT}",
        ),
        ("+442079460958", None, {}, None),
        (None, "GB", {}, None),
    ],
)
def test_message(
    phone: str | None, region: str | None, options: dict[str, Any], message: str | None
) -> None:
    rows = pl.DataFrame({"phone": [phone], "region": [region]}, schema_overrides=TEXTS)

    assert rows.select(explain("phone", region=pl.col("region"), **options)).item() == message


@pytest.mark.parametrize("region", [None, ""])
def test_the_message_where_no_region_is_declared(region: str | None) -> None:
    rows = pl.DataFrame({"phone": ["98765 43210"]})

    assert rows.select(explain("phone", region=region)).item() == (
        "no country code and no region given: set `region`"
    )


def test_each_main_region_has_its_lengths() -> None:
    for code, (main, *others) in metadata.calling_codes().items():
        told = expectation(main)
        if main == "001":
            assert told == "a calling code of no country"
        else:
            assert re.fullmatch(rf"\+{code} \(.+\); there (mobile|fixed).+ have \d.*", told)
            assert ("and others)" in told) == bool(others)
