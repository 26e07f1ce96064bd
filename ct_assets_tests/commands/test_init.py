"""`ct-assets init` in each kind of project, from nothing to rows that CleverTap acknowledged."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ct_assets.cli import cli
from ct_assets.sandbox.testing import SandboxInTest

CHINOOK = Path(__file__).parents[2] / "data" / "chinook" / "customer.csv"
CREATE_DAGSTER = {
    "pyproject.toml": """\
[project]
name = "kind_dg"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "kind_dg"
""",
    "src/kind_dg/__init__.py": "",
    "src/kind_dg/definitions.py": """\
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
""",
    "src/kind_dg/defs/__init__.py": "",
}
OF_DEFINITIONS = {
    "pyproject.toml": '[tool.dagster]\nmodule_name = "kind_plain"\n',
    "kind_plain.py": """\
import dagster as dg


@dg.asset
def theirs() -> int:
    return 1


defs = dg.Definitions(assets=[theirs], executor=dg.in_process_executor)
""",
}
WORKSPACE = {
    "workspace.yaml": "load_from:\n  - python_file: jobs/kind_old.py\n",
    "jobs/kind_old.py": """\
from dagster import Definitions, asset


@asset
def theirs() -> int:
    return 1


locations = Definitions(assets=[theirs])
""",
}
KINDS = {
    "create-dagster": (
        CREATE_DAGSTER,
        "wrote src/kind_dg/definitions.py: its definitions load the syncs, too\n",
        "src/kind_dg/defs/customer/defs.yaml",
    ),
    "Definitions": (
        OF_DEFINITIONS,
        "wrote kind_plain.py: its definitions load the syncs, too\n"
        "wrote defs/: the folder for declarations\n",
        "defs/customer/defs.yaml",
    ),
    "workspace": (
        WORKSPACE,
        "wrote jobs/kind_old.py: its definitions load the syncs, too\n"
        "wrote jobs/defs/: the folder for declarations\n",
        "jobs/defs/customer/defs.yaml",
    ),
    "nothing": (
        {},
        "wrote pyproject.toml: [tool.dagster] names the module of the definitions\n"
        "wrote definitions.py: the definitions, which load the syncs\n"
        "wrote defs/: the folder for declarations\n",
        "defs/customer/defs.yaml",
    ),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("CT_DATA_DIR")
    monkeypatch.setattr("ct_assets.settings._entered", None)
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] in {"definitions", "defs", "jobs"} or name.startswith("kind_"):
            del sys.modules[name]


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("files", "wrote", "declared"), KINDS.values(), ids=KINDS)
def test_from_nothing_to_56_profiles(
    folder: Path, account: SandboxInTest, files: dict[str, str], wrote: str, declared: str
) -> None:
    write(folder, files)
    shutil.copy(CHINOOK, folder)

    first, second = (said("init", "customer.csv") for _ in range(2))
    run = said("run", "customer")

    assert first == (
        f"{wrote}wrote {declared}: a source of customer.csv, and the sync `customer`; edit it\n"
        "Next: ct-assets preview customer, then ct-assets run customer.\n"
    )
    assert second == (
        "The project loads syncs already.\n"
        f"{declared} is there already, and stays as it is\n"
        "Next: ct-assets preview customer, then ct-assets run customer.\n"
    )
    assert run.endswith("3 rejected, 0 unchanged, 0 held, 56 acked, 0 refused, 0 unknown\n")
    assert len(account.profiles()) == 56


def test_definitions_that_nobody_can_edit_are_told(folder: Path) -> None:
    code = "import dagster as dg\n\n\n@dg.repository\ndef shop():\n    return []\n"
    write(folder, {**OF_DEFINITIONS, "kind_plain.py": code})

    assert said("init", code=1) == (
        f"Error: {folder}/kind_plain.py has no definitions that can be edited here. "
        "Have it define\n"
        "  defs = ct_assets.definitions(Path(__file__).parent, <the dg.Definitions that it has>)\n"
    )


def test_a_workspace_of_several_locations_is_not_guessed(folder: Path) -> None:
    write(folder, {"workspace.yaml": "load_from:\n  - python_module: a\n  - python_module: b\n"})

    assert "does not say where its Dagster definitions are" in said("init", code=1)
    assert [path.name for path in folder.iterdir()] == ["workspace.yaml"]
