"""Whose definitions a command loads, and whose state it goes on with, wherever it is started."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from ct_assets import settings
from ct_assets.cli import cli
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop

pytestmark = pytest.mark.sampled(3)

COMMAND = [sys.executable, "-c", "from ct_assets.cli import main; main()"]


def call(*arguments: str) -> Result:
    """As a new process would: none has loaded anything yet."""
    settings._entered = None
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize("given", [None, "kept/here"])
def test_started_from_everywhere_there_is_one_state(
    shop: Shop,
    account: SandboxInTest,
    given: str | None,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CT_DATA_DIR")
    if given:
        monkeypatch.setenv("CT_DATA_DIR", given)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "pyproject.toml").write_text("[tool.dg.project]\nroot_module = 'other'\n")

    again = (shop.root, shop.package / "defs" / "purchases", elsewhere)

    for command, folders in {"run": (shop.package, Path("/")), "plan": again}.items():
        for folder in folders:
            monkeypatch.chdir(folder)
            module = ("--module", shop.module) if folder in (elsewhere, Path("/")) else ()
            result = call(*module, command, "purchases")
            assert result.exit_code == 0, result.output
            assert command == "run" or "Requests: 0\n" in result.output

    assert [event.identity for event in account.events()] == ["1", "2"]
    assert len([r for r in account.requests() if r.path == "/1/upload"]) == 1
    kept = sorted(path.parent for path in shop.root.rglob("state.duckdb"))
    assert [f.parents[1] for f in kept] == [shop.root / (given or "data") / "state"]
    assert [path.name for path in elsewhere.iterdir()] == ["pyproject.toml"]


def test_a_project_of_ones_own_is_loaded_and_not_the_example(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.package / "defs")

    assert re.findall("shop/(customer|purchase) changes|by hand", call("status").output)
    assert "no sync is called" in call("plan", "nobody").output


def test_a_project_without_definitions_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    monkeypatch.chdir(tmp_path)

    result = call("run", "customers")

    assert (result.exit_code, result.output) == (
        1,
        f"Error: the project {tmp_path} does not say where its Dagster definitions are: write "
        "`root_module` below [tool.dg.project] in its pyproject.toml, or name the module with "
        "--module or CT_DEFINITIONS\n",
    )


@pytest.mark.parametrize("command", [["run", "customers"], ["sandbox", "--stop"], ["status"]])
def test_a_command_in_the_root_folder_makes_nothing_there(command: list[str]) -> None:
    before = sorted(Path("/").iterdir())
    environ = {"PATH": "/usr/bin:/bin", "DAGSTER_DISABLE_TELEMETRY": "1"}

    run = subprocess.run(
        [*COMMAND, *command], cwd="/", env=environ, capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert run.stderr.startswith("Error: no project here: neither / nor a folder above it has one ")
    assert sorted(Path("/").iterdir()) == before


CALLED = """\
from pathlib import Path
import ct_assets
defs = ct_assets.definitions(Path(__file__).parent)
"""
MERGED = """\
from pathlib import Path
import dagster as dg
import ct_assets
defs = dg.Definitions.merge(
    dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
    dg.Definitions(resources=ct_assets.resources()),
)
"""
DAGSTERS = """\
from pathlib import Path
import dagster as dg
defs = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""


def test_definitions_without_declarations_are_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lonely_definitions"
    package.mkdir()
    (package / "__init__.py").write_text(CALLED)
    monkeypatch.syspath_prepend(str(tmp_path))

    result = call("--module", "lonely_definitions", "status")

    assert (result.exit_code, result.output) == (
        1,
        f"Error: {package} has no folder `defs`; make one for the declarations of syncs\n",
    )


class MakesAttributesUp(ModuleType):
    """As some of torch's modules do."""

    def __getattr__(self, name: str) -> object:
        return object()


def test_a_workspace_of_before_dg_is_a_project(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no [tool.dg]: the declarations are those in `defs` beside the definitions."""
    (shop.root / "pyproject.toml").unlink()
    (shop.root / "workspace.yaml").write_text(f"load_from: [{{python_module: {shop.module}}}]")
    (shop.package / "definitions.py").write_text(CALLED)
    monkeypatch.setitem(sys.modules, "made_up", MakesAttributesUp("made_up"))
    monkeypatch.chdir(shop.package / "defs")
    monkeypatch.delenv("CT_DATA_DIR")

    assert call("preview", "customers").output.startswith("2 valid, 1 rejected, ")
    assert settings.data_dir() == shop.root / "data"


def test_definitions_that_others_load_need_the_resources(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.root)
    (shop.package / "definitions.py").write_text(DAGSTERS)

    result = call("status")

    named = re.sub("`ct_(staging|alerts)`", "`clevertap`", result.output, count=1)  # any of ours
    assert (result.exit_code, named) == (
        1,
        f"Error: {shop.module} has no resource `clevertap`, which syncs and source tables need: "
        "add `resources=ct_assets.resources()` to its Definitions, or let "
        "`ct_assets.definitions(Path(__file__).parent)` load them\n",
    )

    (shop.package / "definitions.py").write_text(MERGED)
    sys.modules.pop(shop.module)
    assert call("preview", "customers").output.startswith("2 valid, 1 rejected, ")


def test_dagsters_own_loader_says_which_project_it_is_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CT_DATA_DIR")
    monkeypatch.chdir("/")

    dg.load_from_defs_folder(path_within_project=shop.package)

    assert settings.data_dir() == shop.data
