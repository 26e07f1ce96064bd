import polars as pl

from ct_assets_tests.commands.kit import Shop

TEXT = {"id": pl.String, "mail": pl.String}


def test_records_and_reasons_without_a_trace(shop: Shop) -> None:
    said = shop.said("preview", "customers", "--limit", "1")

    assert said.splitlines()[:4] == [
        "2 valid, 1 rejected",
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada","Email":"ada@example.org"}}',
        "",
        'rejected: {"id": "3", "name": "Evelyn", "mail": "evelyn at example.org"}',
    ]
    assert said.splitlines()[4].startswith("  Email: ")
    assert not shop.data.exists()


def test_rejected_rows_with_lists_and_structs(shop: Shop) -> None:
    rows = {"id": [None], "name": ["Ada"], "mail": [None], "lines": [[{"sku": "A1", "of": None}]]}
    pl.DataFrame(rows, schema_overrides=TEXT).write_parquet(shop.root / "customer.parquet")
    sources = shop.package / "defs" / "shop" / "defs.yaml"
    sources.write_text(sources.read_text().replace("customer.csv", "customer.parquet"))

    said = shop.said("preview", "customers")

    assert '"lines": [{"sku": "A1", "of": null}]' in said
