from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from ct_assets.errors import UserError
from ct_assets.io_managers.log_tables.log_table import COLUMNS
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

CSV = "id,name,mail\n1,Ada,ada@canary.example\n2,Bob,b@canary.example\n3,Eve,e at canary.example\n"
LOGGED = kit.CUSTOMERS + "  max_rejected: 0.5\n"
SHOP = """\
type: ct_assets.components.Connection
attributes: {name: shop, url: "duckdb:///shop.duckdb"}
"""
PAGE = Path(__file__).parents[3] / "docs" / "pages" / "recipes" / "log.md"


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text(CSV)
    return tmp_path


def load(root: Path, log: str) -> Any:
    files = {
        "shop/defs.yaml": kit.SOURCE,
        "customers/defs.yaml": f"{LOGGED}  log: {log}\n",
        "db/defs.yaml": SHOP,
    }
    return kit.load(root, files)


def test_the_log_of_a_run_is_an_asset_and_a_table(account: Path) -> None:
    result = kit.run(load(account, "{connection: shop, table: ct.customers_log}"))

    assert result.success, kit.failure(result)
    expected = [("1", "acked", None), ("2", "acked", None), ("3", "rejected", "email_characters")]
    staged = Staging(account / "data" / "staging").current(("customers", "log")).scan()
    assert sorted(staged.select("key", "outcome", "code").collect().rows()) == expected
    with duckdb.connect(account / "shop.duckdb", read_only=True) as shop:
        query = "select key, outcome, code from ct.customers_log order by key"
        assert shop.execute(query).fetchall() == expected
    (file,) = account.glob("data/state/*/customers/log/*.parquet")
    assert pl.read_parquet(file)["run"].unique().to_list() == [result.run_id]
    assert b"canary" not in file.read_bytes() + (account / "shop.duckdb").read_bytes()


def test_a_sync_without_a_log_has_no_such_asset(account: Path) -> None:
    keys = {key.to_user_string() for key in load(account, "false").resolve_all_asset_keys()}

    assert "customers/undelivered" in keys
    assert "customers/log" not in keys


def test_the_job_of_the_sync_makes_the_log(account: Path) -> None:
    job = load(account, "true").resolve_job_def("customers_sync")

    assert "customers__log" in {node.name for node in job.nodes}


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("{connection: shop}", "has one of `connection` and `table` alone"),
        ("{connection: shap, table: t}", "no connection 'shap'; did you mean 'shop'?"),
        ("{connection: shop, table: a b}", "'a b' is no name of a table"),
        ("often", "must be true or settings such as `days: 90`, not 'often'"),
    ],
)
def test_a_log_that_cannot_be_is_told(account: Path, log: str, why: str) -> None:
    with pytest.raises(UserError) as told:
        load(account, log)

    assert why in str(told.value)


def test_the_page_names_every_column() -> None:
    page = PAGE.read_text()
    sources = yaml.safe_load(page.partition("```yml\n")[2].partition("```")[0])
    (table,) = sources["sources"][0]["tables"]

    assert [column["name"] for column in table["columns"]] == list(COLUMNS)
    assert all(f"`{name}`" in page for name in COLUMNS)
