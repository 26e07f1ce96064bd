"""Assets that are not ours are looked at without a run, and nothing of others is written."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.preview.workspace import UnseenSourceError
from ct_assets.errors import UserError
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components.assets.other_sources_kit import FRAME, MADE, STAGED, TABLES, load

pytestmark = pytest.mark.sampled(4)


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)


def previewed(defs: dg.Definitions) -> int:
    project = Project.of(defs)
    with project.rows(project.sync("customers")) as rows:
        return rows.split.counts.valid


def test_a_table_can_be_looked_at_without_a_run(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb")) as connection:
        connection.execute("create schema model")
        connection.execute(MADE)

    assert previewed(load(tmp_path, TABLES["a table of another code location"])) == 1


LOOKED_AT = {
    "a frame": f"@dg.asset({STAGED})\ndef frame():\n    return pl.DataFrame({FRAME})\n",
    "one of several": f"""
@dg.multi_asset(outs={{"more": dg.AssetOut(), "one": dg.AssetOut({STAGED})}})
def frames():
    return 1, pl.LazyFrame({FRAME})
""",
    "of rows of another asset": f"""
@dg.asset
def rows():
    return {FRAME}

@dg.asset({STAGED})
def frame(context, ct_staging: dg.ResourceParam[object]):
    return pl.DataFrame({FRAME})
""",
}


@pytest.mark.parametrize("asset", LOOKED_AT.values(), ids=LOOKED_AT)
def test_a_frame_is_made_for_a_look_and_not_kept(tmp_path: Path, asset: str) -> None:
    assert previewed(load(tmp_path, asset)) == 1
    assert not (tmp_path / "data" / "staging").exists()


WRITERS = """
class Table(dg.IOManager):
    def handle_output(self, context, obj):
        open({path!r}, "a").write(f"{{context.name}} was written\\n")
    def load_input(self, context):
        raise NotImplementedError

@dg.definitions
def defs():
    {asset}
    return dg.Definitions(assets=[people], resources={{"table": Table(), "other": Table()}})
"""

BESIDE = """
    @dg.multi_asset(outs={{
        "stats": dg.AssetOut(io_manager_key="table"),
        "customer": dg.AssetOut(key=["shop", "customer"], io_manager_key={manager!r}),
    }})
    def people():
        return 1, pl.DataFrame({FRAME})
"""

INSIDE = """
    @dg.op(out=dg.Out(io_manager_key="other"))
    def rows():
        return {FRAME}

    @dg.op(out=dg.Out(io_manager_key="table"))
    def frame(rows):
        return pl.DataFrame(rows)

    @dg.op
    def count(rows):
        return len(rows)

    @dg.graph_multi_asset(
        outs={{"count": dg.AssetOut(), "customer": dg.AssetOut(key=["shop", "customer"])}}
    )
    def people():
        found = rows()
        return {{"count": count(found), "customer": frame(found)}}
"""

OTHERS = {
    "beside a staged one": BESIDE.format(manager="ct_staging", FRAME=FRAME),
    "of the same manager": BESIDE.format(manager="table", FRAME=FRAME),
    "of another manager": BESIDE.format(manager="other", FRAME=FRAME),
    "inside of it": INSIDE.format(FRAME=FRAME),
}


@pytest.mark.parametrize("asset", OTHERS.values(), ids=OTHERS)
def test_a_look_writes_no_output_of_others(tmp_path: Path, asset: str) -> None:
    written = tmp_path / "written"

    assert previewed(load(tmp_path, WRITERS.format(path=str(written), asset=asset))) == 1
    assert not written.exists()


def test_an_asset_that_fails_for_a_look_says_why(tmp_path: Path) -> None:
    asset = f"@dg.asset({STAGED})\ndef frame():\n    raise ValueError('the API is away')\n"

    with pytest.raises(UserError, match=r"^shop__customer failed: ValueError: the API is away \("):
        previewed(load(tmp_path, asset))


def test_rows_that_only_a_run_can_read_are_not_looked_at(tmp_path: Path) -> None:
    asset = '@dg.asset(key=["shop", "customer"])\ndef customer() -> None: ...\n'

    with pytest.raises(
        UnseenSourceError, match=r"^shop/customer is made by another asset, and its"
    ):
        previewed(load(tmp_path, asset))
