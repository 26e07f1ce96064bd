"""Assets that are not ours as the source of a sync."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.components import kit

FRAME = '{"id": ["1"], "name": ["Ada"], "mail": ["ada@example.org"]}'


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", clevertap_sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)


def load(root: Path, python: str, **yaml: str) -> dg.Definitions:
    imports = "import dagster as dg\nimport polars as pl\n"
    files = {"shop/assets.py": imports + python, "customers/defs.yaml": kit.CUSTOMERS}
    return kit.load(root, files | {f"{name}/defs.yaml": text for name, text in yaml.items()})


def people(sandbox: SandboxInTest) -> list[str | None]:
    return [profile.identity for profile in sandbox.profiles()]


@pytest.mark.parametrize("kind", ["pl.DataFrame", "pl.LazyFrame"])
@pytest.mark.parametrize("manager", ["", ', io_manager_key="ct_staging"'])
def test_an_asset_that_returns_a_frame(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, kind: str, manager: str
) -> None:
    asset = f'@dg.asset(key=["shop", "customer"]{manager})\ndef customer() -> {kind}:\n'

    result = kit.run(load(tmp_path, f"{asset}    return {kind}({FRAME})\n"))

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["1"]


def test_an_asset_that_returns_something_else_is_told_what_to_do(tmp_path: Path) -> None:
    asset = '@dg.asset(key=["shop", "customer"])\ndef customer() -> list[int]:\n    return [1]\n'

    result = kit.run(load(tmp_path, asset))

    assert "shop/customer gives a list, not a polars frame; declare a SourceTable" in kit.failure(
        result
    )


TABLE = """
@dg.asset(key=["dbt", "customer"])
def model() -> None: ...
"""
READS = """
type: ct_assets.components.SourceTable
attributes:
  asset: shop/customer
  database: other.duckdb
  table: main.customer
  upstream: [{}]
"""


@pytest.mark.parametrize("upstream", ["dbt/customer", "elsewhere/customer"])
def test_a_table_that_another_asset_writes(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, upstream: str
) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as other:
        other.execute("create table customer as select 7 as id, 'Ada' as name, null::text as mail")
    defs = load(tmp_path, TABLE, shop=READS.format(upstream))

    result = kit.run(defs)

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["7"]
    node = defs.resolve_asset_graph().get(dg.AssetKey(["shop", "customer"]))
    assert node.parent_keys == {dg.AssetKey.from_user_string(upstream)}
    assert node.automation_condition == dg.AutomationCondition.eager()


CHECKED = f"""
@dg.asset(
    key=["shop", "customer"],
    check_specs=[dg.AssetCheckSpec("complete", asset=["shop", "customer"], blocking=True)],
)
def customer():
    yield dg.Output(pl.DataFrame({FRAME}))
    yield dg.AssetCheckResult(passed=False)
"""


def test_nothing_is_read_while_a_blocking_check_of_the_source_fails(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    defs, instance = load(tmp_path, CHECKED), dg.DagsterInstance.ephemeral()
    assert not kit.run(defs, "shop/customer", instance=instance).success

    result = kit.run(defs, "customers/valid", "customers/clevertap", instance=instance)

    assert "shop/customer is not read: its blocking checks fail (complete)" in kit.failure(result)
    assert people(clevertap_sandbox) == []
