import polars as pl
import pytest

from ct_assets.components.scaffold import suggestions

TEXT = pl.String()


def test_fields_of_people_go_by_their_names() -> None:
    names = ("CustomerId", "FirstName", "LastName", "Country", "Mobile_Number", "E-mail", "City")

    found = suggestions.profile(dict.fromkeys(names, TEXT))

    assert found.identity == "CustomerId"
    assert found.fields == {
        "Name": {"template": "{FirstName} {LastName}"},
        "Email": "E-mail",
        "Phone": {"column": "Mobile_Number", "region": {"column": "Country"}},
    }
    assert found.others == ["City"]


def test_a_sale_has_fields_of_its_own() -> None:
    lines = pl.List(pl.Struct({"sku": TEXT}))
    schema = {"order_id": TEXT, "user_id": TEXT, "placed": pl.Datetime(), "total": pl.Float64()}

    found = suggestions.event({**schema, "lines": lines, "shop": TEXT}, "Charged")

    assert (found.identity, found.event_key, found.ts) == ("user_id", "order_id", "placed")
    assert found.fields == {"Amount": "total", "Charged ID": "order_id", "Items": "lines"}
    assert found.others == ["shop"]


def test_nothing_is_proposed_where_nothing_is_alike() -> None:
    found = suggestions.event({"colour": TEXT}, "Page Views")

    assert (found.identity, found.event_key, found.ts) == (None, None, None)
    assert (found.fields, found.others) == ({}, ["colour"])


@pytest.mark.parametrize(
    ("name", "event"),
    [("page_views", "Page Views"), ("orders", "Charged"), ("shop-invoices", "Charged")],
)
def test_names_of_events(name: str, event: str) -> None:
    assert suggestions.event_name(name) == event
