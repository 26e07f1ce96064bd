from pathlib import Path

import polars as pl
import pytest

from ct_assets.phone import e164, explain

CUSTOMERS = Path(__file__).parents[2] / "data" / "chinook" / "customer.csv"


@pytest.mark.usefixtures("either_way")
def test_the_customers_of_the_chinook_store() -> None:
    country = pl.col("Country")
    customers = pl.read_csv(CUSTOMERS, infer_schema=False).select(
        "CustomerId", e164("Phone", region=country), why=explain("Phone", region=country)
    )
    judged = customers.unnest("Phone")

    assert judged["status"].value_counts(sort=True).rows() == [
        ("valid_normalised", 55),
        ("invalid", 3),
        ("null", 1),
    ]
    assert judged.filter(status="invalid").select("CustomerId", "reason", "why").rows() == [
        (
            "9",
            "too_long",
            "9 digits after +45 (Denmark); there mobile numbers and fixed lines have 8",
        ),
        (
            "57",
            "not_valid_for_region",
            "9 digits after +56 (Chile); there mobile numbers and fixed lines have 9"
            "; these are in no range that is in use",
        ),
        (
            "58",
            "not_valid_for_region",
            "11 digits after +91 (India); there mobile numbers and fixed lines have 10"
            "; these are in no range that is in use",
        ),
    ]
