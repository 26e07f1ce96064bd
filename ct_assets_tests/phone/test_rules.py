from typing import Any

import polars as pl
import pytest

from ct_assets.phone import e164

FREAKS = pl.DataFrame({"phone": ["+4312345", "+6200180306988043318", "+442079460958"]})


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({}, ["below_min_digits", "above_max_digits", None]),
        ({"min_digits": None, "max_digits": None}, [None, None, None]),
        ({"min_digits": 13, "max_digits": 19}, ["below_min_digits", None, "below_min_digits"]),
        (
            {"min_digits": None, "accept": ["fixed_line"]},
            [None, "type_not_accepted", None],
        ),
        ({"accept": "mobile"}, ["type_not_accepted"] * 3),
    ],
)
def test_rules_of_ours(options: dict[str, Any], reasons: list[str | None]) -> None:
    result = FREAKS.select(e164("phone", **options)).unnest("phone")

    assert result["reason"].to_list() == reasons
    assert result["e164"].is_null().to_list() == [reason is not None for reason in reasons]
    assert result["type"].to_list() == ["fixed_line", "toll_free", "fixed_line"]
