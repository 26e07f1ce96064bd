"""Assets that are not ours as the source of a sync."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ct_assets.components.automation.schedules import following
from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit
from ct_assets_tests.components.assets.other_sources_kit import FRAME, MADE, STAGED, TABLES, load

pytestmark = pytest.mark.sampled(4)


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)


def people(sandbox: SandboxInTest) -> list[str | None]:
    return [profile.identity for profile in sandbox.profiles()]


@pytest.mark.parametrize("kind", ["pl.DataFrame", "pl.LazyFrame"])
def test_an_asset_that_returns_a_frame(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, kind: str
) -> None:
    asset = f"@dg.asset({STAGED})\ndef customer() -> {kind}:\n"

    result = kit.run(load(tmp_path, f"{asset}    return {kind}({FRAME})\n"))

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["1"]


@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_an_asset_that_returns_a_frame_of_another_library(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, library: str
) -> None:
    made = {"pandas": f"DataFrame({FRAME})", "pyarrow": f"table({FRAME})"}[library]
    asset = f"import {library}\n@dg.asset({STAGED})\ndef customer():\n    return {library}.{made}\n"

    result = kit.run(load(tmp_path, asset))

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["1"]


PICKLED = {
    "a frame": ("", " -> pl.DataFrame"),
    "a lazy frame": ("", " -> pl.LazyFrame"),
    "perhaps a frame": ("", " -> pl.DataFrame | None"),
    "nothing said": ("", ""),
    "a frame, with a table beside": (', metadata={"dagster/table_name": "t"}', " -> pl.DataFrame"),
    "by name": (', io_manager_key="files"', " -> pl.DataFrame"),
}


@pytest.mark.parametrize(("manager", "given"), PICKLED.values(), ids=PICKLED)
def test_a_frame_that_dagster_would_pickle_is_stopped_before_it_is_made(
    tmp_path: Path, manager: str, given: str
) -> None:
    asset = f"""
@dg.definitions
def defs():
    @dg.asset(key=["shop", "customer"]{manager})
    def customer(){given}:
        return pl.DataFrame({FRAME})

    files = dg.FilesystemIOManager(base_dir="files")
    return dg.Definitions(assets=[customer], resources={{"files": files}})
"""

    with pytest.raises(InvalidDeclarationError) as stopped:
        load(tmp_path, asset).get_repository_def()

    told = str(stopped.value)
    assert "customers/defs.yaml:5: source: Dagster would pickle the rows of 'shop/customer'" in told
    assert 'Write `io_manager_key="ct_staging"` in its `@dg.asset(...)`' in told


def test_an_io_manager_may_be_merged_in_later(tmp_path: Path) -> None:
    asset = f"""
@dg.asset(key=["shop", "customer"])
def customer() -> pl.DataFrame:
    return pl.DataFrame({FRAME})
"""
    declared = load(tmp_path, asset)
    staging = (declared.resources or {})["ct_staging"]

    def merged(manager: object) -> dg.Definitions:
        return dg.Definitions.merge(declared, dg.Definitions(resources={"io_manager": manager}))

    assert merged(staging).get_repository_def().has_job("customers_sync")
    with pytest.raises(InvalidDeclarationError, match="Dagster would pickle the rows"):
        merged(dg.FilesystemIOManager(base_dir="files")).get_repository_def()


def test_an_asset_that_returns_something_else_is_told_what_to_do(tmp_path: Path) -> None:
    asset = '@dg.asset(key=["shop", "customer"])\ndef customer() -> list[int]:\n    return [1]\n'

    result = kit.run(load(tmp_path, asset))

    told = kit.failure(result)
    assert "shop/customer gives a list, and names no table as `dagster/table_name`" in told
    assert "Declare a SourceTable with `table: ...` and `upstream: [shop/customer]`" in told


@pytest.mark.parametrize("python", TABLES.values(), ids=TABLES)
def test_an_asset_that_names_its_table(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, python: str
) -> None:
    database = tmp_path / "data" / "warehouse.duckdb"
    database.parent.mkdir()
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema model")
        connection.execute(MADE)

    result = kit.run(load(tmp_path, f"DATABASE = {str(database)!r}\n{python}"))

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["7"]


def test_an_asset_with_no_rows_to_take_is_told_what_to_do(tmp_path: Path) -> None:
    asset = '@dg.asset(key=["shop", "customer"])\ndef customer() -> None: ...\n'

    told = kit.failure(kit.run(load(tmp_path, asset)))

    assert "shop/customer gives nothing, and names no table as `dagster/table_name`" in told


def test_a_table_is_read_in_place_of_what_the_asset_once_gave(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    asset = '@dg.asset(key=["shop", "customer"]{})\ndef customer(){}:\n    return {}\n'
    table = ', metadata={"dagster/table_name": "person"}'
    (tmp_path / "data").mkdir()
    with duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table person as select 7 as id, 'Ada' as name, null::text as mail"
        )
    with dg.instance_for_test() as instance:
        staged = ', io_manager_key="ct_staging"'
        frame = load(tmp_path / "before", asset.format(staged, "", f"pl.DataFrame({FRAME})"))
        assert kit.run(frame, instance=instance).success

        result = kit.run(load(tmp_path, asset.format(table, " -> None", None)), instance=instance)

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["1", "7"]


OWN_MANAGER = """
class Memory(dg.IOManager):
    frames = {{}}
    def handle_output(self, context, obj):
        self.frames["customer"] = obj
    def load_input(self, context):
        return self.frames["customer"]

@dg.definitions
def defs():
    @dg.asset(key=["shop", "customer"], io_manager_key="memory")
    def customer():
        return pl.DataFrame({FRAME})

    return dg.Definitions(assets=[customer], resources={{"memory": Memory()}})
"""


def test_an_asset_of_an_io_manager_of_its_own(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    result = kit.run(load(tmp_path, OWN_MANAGER.format(FRAME=FRAME)))

    assert result.success, kit.failure(result)
    assert people(clevertap_sandbox) == ["1"]


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
    updated = dg.AutomationCondition.any_deps_updated()
    assert node.automation_condition == following(updated)


CHECKED = f"""
@dg.asset(
    key=["shop", "customer"],
    check_specs=[dg.AssetCheckSpec("complete", asset=["shop", "customer"], blocking=True)],
    io_manager_key="ct_staging",
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
