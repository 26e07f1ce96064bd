import sqlite3

import polars as pl
import pytest

from ct_assets.staging import Staging
from ct_assets_tests.commands.kit import Shop

CONNECTED = """\
---
type: ct_assets.Connection
attributes: {name: till, url: "{{ env.TILL_URL }}"}
---
type: ct_assets.SourceTable
attributes: {asset: till/person, connection: till, table: person}
"""


def connected(shop: Shop) -> None:
    sources = shop.package / "defs" / "shop" / "defs.yaml"
    sources.write_text(sources.read_text() + CONNECTED)
    with sqlite3.connect(shop.root / "till.sqlite") as connection:
        connection.execute("create table person as select 1 as id, 'ada@example.org' as mail")


def test_each_source_with_its_rows_and_its_columns(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(shop)
    monkeypatch.setenv("TILL_URL", "sqlite:///till.sqlite")

    every = {source["source"]: source for source in shop.json("sources")}

    assert {name: (s["place"], s["rows"]) for name, s in every.items()} == {
        "shop/customer": ("csv", 4),
        "shop/purchase": ("csv", 2),
        "till/person": ("till", 1),
    }
    assert every["till/person"]["found"].startswith("SQLite 3.")
    assert every["till/person"]["columns"] == [
        {"name": "id", "kind": "integer", "becomes": "int64"},
        {"name": "mail", "kind": "text", "becomes": "string"},
    ]
    assert "mail" in shop.said("sources", "shop/customer")
    assert "ada@example.org" not in shop.said("sources", "till/person")


def test_one_that_cannot_be_read_fails_and_the_others_are_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(shop)
    monkeypatch.delenv("TILL_URL", raising=False)

    result = shop.call("sources")

    assert result.exit_code == 1
    assert "connection till: TILL_URL is not set" in " ".join(result.output.split())
    assert "shop/customer" in result.output
    assert (
        "no source is called 'till/persn'; did you mean"
        in shop.call("sources", "till/persn").output
    )


MADE = """\
import dagster as dg
import polars as pl

@dg.asset(key=["shop", "member"], io_manager_key="ct_staging")
def member() -> pl.DataFrame:
    return pl.DataFrame({"id": [1, 2], "mail": ["ada@example.org", "bob@example.org"]})

defs = dg.Definitions(assets=[member])
"""


def test_an_asset_that_only_its_runs_make_is_listed_too(shop: Shop) -> None:
    (shop.package / "defs" / "made.py").write_text(MADE)
    shop.declare("customers", "source: shop/customer", "source: shop/member")

    def found() -> tuple[str, int | None, str]:
        every = {source["source"]: source for source in shop.json("sources")}
        return tuple(every["shop/member"][what] for what in ("place", "rows", "found"))

    assert found() == ("asset", None, "made by its own runs")
    frame = pl.DataFrame({"id": [1, 2], "mail": ["ada@example.org", "bob@example.org"]})
    staging = Staging(shop.data / "staging")
    with staging.draft(("shop", "member")) as draft:
        draft.sink(frame.lazy())
        staging.publish(draft)
    assert found() == ("asset", 2, "as its last run left it")
    assert "mail" in shop.said("sources", "shop/member")


def test_doctor_opens_each_connection(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(shop)
    monkeypatch.setenv("TILL_URL", "sqlite:///till.sqlite")

    found = {check["name"]: check for check in shop.json("doctor")}

    assert found["connection till"]["status"] == "ok"
    assert found["connection till"]["found"].endswith(", 1 tables can be read")
