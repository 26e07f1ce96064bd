from typing import Any

import polars as pl
import pytest

from ct_assets.phone import explain

pytestmark = pytest.mark.usefixtures("either_way")


@pytest.mark.parametrize(
    ("phone", "region", "options", "message"),
    [
        (
            "98765 4321",
            "IN",
            {},
            "9 digits after +91; in India a mobile number has 10, a fixed line has 10"
            "; no number there has this beginning and this length",
        ),
        (
            "+453 3331 9991",
            None,
            {},
            "9 digits after +45; in Denmark a mobile number has 8, a fixed line has 8",
        ),
        (
            "253-0000",
            "US",
            {},
            "7 digits after +1; in United States a mobile number has 10, a fixed line has 10"
            "; the area code is missing",
        ),
        ("+800 123", None, {}, "3 digits after the calling code"),
        ("98765 43210", None, {}, "no country code and no region given: set `region`"),
        (
            "98765 43210",
            "Atlantis",
            {},
            "no country code, and the region of this row is neither an ISO 3166 code"
            " nor an English country name",
        ),
        ("n/a", "IN", {}, "not a phone number"),
        ("+999 123 456", None, {}, "the digits after + begin with no country's calling code"),
        (
            "+442079460958",
            None,
            {"accept": ["mobile", "voip"]},
            "a fixed_line number; accepted: mobile, voip",
        ),
        ("+4312345", None, {}, "fewer than 8 digits, country code included"),
        ("+6200180306988043318", None, {}, "more than 15 digits, country code included"),
        ("+442079460958", None, {}, None),
        (None, "GB", {}, None),
    ],
)
def test_message(
    phone: str | None, region: str | None, options: dict[str, Any], message: str | None
) -> None:
    rows = pl.DataFrame(
        {"phone": [phone], "region": [region]}, schema_overrides={"phone": pl.String}
    )

    assert rows.select(explain("phone", region=pl.col("region"), **options)).item() == message
