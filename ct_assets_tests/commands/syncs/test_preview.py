import polars as pl

from ct_assets_tests.commands.kit import CUSTOMER, Shop

TEXT = {"id": pl.String, "mail": pl.String}


def test_records_and_reasons_without_a_trace(shop: Shop) -> None:
    said = shop.said("preview", "customers", "--limit", "1")

    assert said.splitlines()[:4] == [
        "2 valid, 1 rejected, 1 cut by `where`",
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada","Email":"ada@example.org"}}',
        "",
        'rejected: {"id": "3", "name": "Evelyn", "mail": "evelyn at example.org"}',
    ]
    assert said.splitlines()[4].startswith("  Email: ")
    assert not shop.data.exists()


def test_what_is_left_out_and_a_closed_gate(shop: Shop) -> None:
    shop.declare("customers", "Email: mail", "Email: {column: mail, on_invalid: drop}")
    shop.declare("customers", "max_rejected: 0.5", "max_rejected: 0")
    shop.write("customer.csv", CUSTOMER + ",Dan,dan@example.org\n")

    said = shop.said("preview", "customers")

    assert (
        '"profileData":{"Name":"Evelyn"}}\n'
        "  warning: Email: has a blank or an invisible character inside: correct it in the source "
        "[email_characters]\n"
    ) in said
    assert said.endswith(
        "\nNothing would be sent: 1 of 4 rows are rejected (25.0%), more than max_rejected "
        "(0.0%). Most frequent: identity identity_missing (1). Mend the source or the mapping, or "
        "raise `max_rejected`.\n"
    )


def test_people_who_share_an_address_are_named(shop: Shop) -> None:
    people = (f"{n},P{n},{'Ada' if n % 2 else 'bob'}@example.org\n" for n in range(1, 6))
    shop.write("customer.csv", f"id,name,mail\n{''.join(people)}6,Cy,ADA@example.org\n")

    said = shop.said("preview", "customers", "--limit", "0")

    assert said == (
        "6 valid, 0 rejected\n\n"
        "warning: 6 profiles share Email: 1 and 3 and 5; 2 and 4; and others\n"
    )


def test_an_expression_that_meets_what_it_cannot_read(shop: Shop) -> None:
    shop.declare("customers", "Name: name", "Name: {expr: CAST(name AS INTEGER)}")

    result = shop.call("preview", "customers")

    assert result.exit_code == 1
    assert result.output.endswith(
        "/defs/customers/defs.yaml:9: fields.Name: Sync customers: `expr:` of Name has a CAST that "
        "meets a value it cannot read; write TRY_CAST, which makes it null\n"
    )


def test_a_column_that_is_gone_is_told_with_its_place(shop: Shop) -> None:
    shop.declare("customers", "Name: name", "Name: nome")

    said = shop.call("preview", "customers").output

    assert "/defs/customers/defs.yaml:9: fields.Name: Sync customers: shop/customer has no" in said


def test_a_limit_that_makes_no_sense(shop: Shop) -> None:
    assert shop.call("preview", "customers", "--limit", "-1").exit_code == 2
    assert len(shop.said("preview", "customers", "--limit", "0").splitlines()) == 1


def test_rejected_rows_with_lists_and_structs(shop: Shop) -> None:
    rows = {"id": [None], "name": ["Ada"], "mail": [None], "lines": [[{"sku": "A1", "of": None}]]}
    pl.DataFrame(rows, schema_overrides=TEXT).write_parquet(shop.root / "customer.parquet")
    sources = shop.package / "defs" / "shop" / "defs.yaml"
    sources.write_text(sources.read_text().replace("customer.csv", "customer.parquet"))

    said = shop.said("preview", "customers")

    assert '"lines": [{"sku": "A1", "of": null}]' in said
