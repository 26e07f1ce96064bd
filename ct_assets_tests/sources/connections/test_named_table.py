from collections.abc import Mapping
from pathlib import Path

import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.database import Database
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.connections.named_table import NamedTable
from ct_assets.sources.duckdb_warehouse import Warehouse

SHOP = "postgresql://u@h/shop"
POSTGRES = {"shop": SHOP, "other": "postgresql://u@h/other"}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    (tmp_path / "warehouse.duckdb").touch()
    return Warehouse(tmp_path / "warehouse.duckdb")


def connections(urls: Mapping[str, str | None]) -> Mapping[str, DeclaredConnection]:
    def connection(name: str, url: str | None) -> DeclaredConnection:
        def found() -> str:
            if url is None:
                raise UserError("SHOP_URL is not set")
            return url

        return DeclaredConnection(parse({"name": name, "url": "x"}), found)

    return {name: connection(name, url) for name, url in urls.items()}


def table(name: str, *kinds: str) -> NamedTable:
    return NamedTable("shop/customer", tuple(name.split(".")), frozenset(kinds))


@pytest.mark.parametrize(
    ("named", "urls", "place"),
    [
        (table("main.customer"), {}, "warehouse"),
        (table("customer", "duckdb", "dbt"), POSTGRES, "warehouse"),
        (table("warehouse.main.customer", "dbt", "duckdb"), {}, "warehouse"),
        (table("warehouse.main.customer"), POSTGRES, "warehouse"),
        (table("shop.public.customer", "dbt", "postgres"), POSTGRES, "shop"),
        (table("shop.public.customer"), POSTGRES, "shop"),
        (table("shop.public.customer"), {**POSTGRES, "lost": None}, "shop"),
        (table("public.customer", "postgres"), {"shop": SHOP}, "shop"),
        (table("shop.customer", "mysql"), {"shop": SHOP, "my": "mysql://u@h/shop"}, "my"),
    ],
)
def test_a_table_is_read_from_the_database_that_it_belongs_to(
    warehouse: Warehouse, named: NamedTable, urls: Mapping[str, str | None], place: str
) -> None:
    found = named.place(connections(urls), warehouse)

    assert (found.spec.name if isinstance(found, Database) else "warehouse") == place


@pytest.mark.parametrize(
    ("named", "urls", "why"),
    [
        (
            table("shop.main.customer", "dbt", "postgres"),
            {},
            "names the table shop.main.customer (postgres), which is of the database 'shop', and "
            "no connection is to it. Its rows are read from no other one: declare a Connection to "
            "its database, and a SourceTable with `connection`, `table: main.customer` and "
            "`upstream: [shop/customer]`, and name that as the sync's source",
        ),
        (table("PROD.main.customer"), {}, "of the database 'PROD', and no connection is to it"),
        (
            table("warehouse.main.customer", "snowflake"),
            {},
            "(snowflake), which is of the database",
        ),
        (table("main.customer", "snowflake"), {}, "(snowflake), which is in no database that is"),
        (table("shop.main.customer"), {"shop": None}, "(not looked at: shop, whose url is wrong)"),
        (table("public.customer", "postgres"), POSTGRES, "in connection shop or connection other"),
        (table("main.customer"), {"shop": SHOP}, "may be in the warehouse or connection shop"),
        (table("shop.public.customer"), {"a": SHOP, "b": SHOP}, "in connection a or connection b"),
    ],
)
def test_in_doubt_it_is_read_from_none(
    warehouse: Warehouse, named: NamedTable, urls: Mapping[str, str | None], why: str
) -> None:
    with pytest.raises(UserError) as caught:
        named.place(connections(urls), warehouse)

    assert why in str(caught.value)
    assert str(caught.value).startswith("shop/customer names the table ")
