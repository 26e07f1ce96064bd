import logging
import traceback
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets.staging import Staging
from ct_assets_tests.components import kit
from ct_assets_tests.sources.connections.postgres_server import PostgresServer

pytestmark = pytest.mark.sampled(2)

CONNECTION = """\
type: ct_assets.components.Connection
attributes:
  name: shop
  url: "{{ env.SHOP_URL }}"
"""
SOURCE = """\
type: ct_assets.Connection
attributes:
  name: other
  url: "{{ env.OTHER_URL }}"
---
type: ct_assets.components.SourceTable
attributes:
  asset: shop/customer
  connection: shop
  table: public.customer
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SHOP_URL", postgres.url())
    monkeypatch.delenv("OTHER_URL", raising=False)
    postgres.run(
        "drop table if exists customer",
        "create table customer as select 'c' || n as id, n * 1.5 as total from"
        " generate_series(1, 3) as n",
    )
    (tmp_path / "customer.csv").write_text("id,name\n1,Ada\n")
    return tmp_path / "data"


def staged(data: Path) -> pl.DataFrame:
    return Staging(data / "staging").current(("shop", "customer")).scan().collect()


def load(root: Path, source: str = SOURCE, connection: str = CONNECTION) -> dg.Definitions:
    return kit.load(root, {"shop/defs.yaml": source, "connection/defs.yaml": connection})


@pytest.mark.parametrize(
    "where",
    [
        "table: customer",
        "table: public.customer",
        "sql: select id, total from customer;  -- all",
        "sql_file: customer.sql",
    ],
)
def test_a_source_reads_its_connection(tmp_path: Path, shop: Path, where: str) -> None:
    files = {
        "shop/defs.yaml": SOURCE.replace("table: public.customer", where),
        "shop/customer.sql": "select id, total from customer\n",
        "connection/defs.yaml": CONNECTION,
    }

    result = kit.run(kit.load(tmp_path, files))

    assert result.success, kit.failure(result)
    assert staged(shop).rows() == [("c1", 1.5), ("c2", 3.0), ("c3", 4.5)]


def test_the_same_from_python(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    code = """
        import dagster as dg
        import ct_assets

        @dg.component_instance
        def shop(context: dg.ComponentLoadContext) -> ct_assets.Connection:
            return ct_assets.Connection(name="shop", url=dg.EnvVar("OWN_URL"), fetch_mb=1)
    """
    defs = kit.load(tmp_path, {"shop/defs.yaml": SOURCE, "connection/code.py": code})
    monkeypatch.setenv("OWN_URL", postgres.url())

    assert kit.run(defs).success
    assert staged(shop).height == 3


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (None, "shop/customer: connection shop: SHOP_URL is not set; set it in the environment"),
        ("", "SHOP_URL is not set"),
        ("postgresql://shop:canary@127.0.0.1:1/x", "connection shop: nothing answers at 127.0.0.1"),
        ("canary", "connection shop: its url does not begin with the kind of the database"),
    ],
)
def test_a_connection_that_is_wrong_fails_its_own_sources_alone(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, url: str | None, told: str
) -> None:
    if url is None:
        monkeypatch.delenv("SHOP_URL")
    else:
        monkeypatch.setenv("SHOP_URL", url)
    file = kit.SOURCE.replace("shop/customer", "shop/other")

    result = kit.run(load(tmp_path, f"{SOURCE}---\n{file}"))

    assert told in kit.failure(result)
    assert "canary" not in kit.failure(result)
    assert Staging(shop / "staging").knows(("shop", "other"))


def test_no_password_is_in_what_dagster_keeps(
    tmp_path: Path, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "canary-in-a-url"
    written = CONNECTION.replace("{{ env.SHOP_URL }}", postgres.url(password=canary))
    defs = load(tmp_path, connection=written)
    job = defs.resolve_implicit_global_asset_job_def()

    (tmp_path / "home").mkdir()
    with (
        dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance,
        pytest.raises(dg.Failure) as caught,
    ):
        job.execute_in_process(instance=instance)
    kept = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]

    assert "the password of user 'shop' is wrong" in str(caught.value)
    assert canary not in "".join(traceback.format_exception(caught.value))
    assert kept
    assert not any(canary.encode() in content for content in kept)
    assert canary not in caplog.text


@pytest.mark.parametrize(
    ("source", "connection", "told"),
    [
        (
            SOURCE.replace("connection: shop", "connection: shpo"),
            CONNECTION,
            "shop/defs.yaml:9: connection: no connection 'shpo'; did you mean 'shop'?",
        ),
        (SOURCE, CONNECTION.replace("shop", "other", 1), "name: 'other' is declared in "),
        (SOURCE, CONNECTION.replace("url:", "uri:"), "connection/defs.yaml:4: uri: unknown"),
        (SOURCE, CONNECTION + "  fetch_mb: 0\n", "connection/defs.yaml:5: fetch_mb"),
        (SOURCE.replace("table: public.customer", "file: customer.csv"), CONNECTION,
         "shop/defs.yaml:9: connection: is for table, sql and sql_file, not for a file."),
        (SOURCE + "  database: x.duckdb\n", CONNECTION, "connection: is given beside database"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(
    tmp_path: Path, source: str, connection: str, told: str
) -> None:
    with pytest.raises(InvalidDeclarationError) as caught:
        load(tmp_path, source, connection)

    assert told in str(caught.value)


def test_a_connection_that_dagster_does_not_read_is_told(tmp_path: Path) -> None:
    files = {"shop/defs.yaml": SOURCE, "shop/below/defs.yaml": CONNECTION}

    with pytest.raises(InvalidDeclarationError, match="is not read: Dagster reads one"):
        kit.load(tmp_path, files)


TABLE_OF_DBT = """
import dagster as dg

customer = dg.AssetSpec(
    ["shop", "customer"],
    kinds={"dbt", "postgres"},
    metadata={"dagster/table_name": "postgres.public.customer"},
)
"""
SYNC = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}]
  fields: {Name: id}
"""


@pytest.mark.parametrize("connected", [True, False])
def test_a_table_of_dbt_is_read_from_no_other_database(
    tmp_path: Path, shop: Path, *, connected: bool
) -> None:
    shop.mkdir()
    with duckdb.connect(str(shop / "warehouse.duckdb")) as stale:
        stale.execute("create schema public; create table public.customer as select 'old' as id")
    files = {"shop/customer.py": TABLE_OF_DBT, "customers/defs.yaml": SYNC}
    if connected:
        files["connection/defs.yaml"] = CONNECTION

    result = kit.run(kit.load(tmp_path, files), "customers/valid", "customers/rejected")

    if connected:
        assert result.success, kit.failure(result)
        valid = Staging(shop / "staging").current(("customers", "valid")).scan().collect()
        assert sorted(valid["_key"]) == ["c1", "c2", "c3"]
    else:
        told = "shop/customer names the table postgres.public.customer (postgres), which is of the"
        assert told in kit.failure(result)
        assert not Staging(shop / "staging").knows(("customers", "valid"))


def test_a_duckdb_file_is_a_connection_too(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", "duckdb:///shop.duckdb")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as own:
        own.execute("create table customer as select 'd1' as id")
    source = SOURCE.replace("public.customer", "customer")

    result = kit.run(load(tmp_path, source))

    assert result.success, kit.failure(result)
    assert staged(shop).rows() == [("d1",)]
