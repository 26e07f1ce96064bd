"""`ct-assets init` in each kind of project, from nothing to rows that CleverTap acknowledged."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ct_assets.components.scaffold.project_setup import ProjectSetup
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.foreign_projects import CHINOOK, KINDS, OF_DEFINITIONS, said, write

pytestmark = pytest.mark.sampled(3)


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


@pytest.mark.parametrize(("files", "wrote"), [(f, w) for f, w, _ in KINDS.values()], ids=KINDS)
def test_a_project_without_a_declaration_loads(
    folder: Path, files: dict[str, str], wrote: str
) -> None:
    write(folder, files)

    assert said("init") == (
        f"{wrote}Next: ct-assets init FILE declares the rows of a file, and a sync of them.\n"
    )
    assert said("status") == (
        "No sync is declared: ct-assets init FILE declares the rows of a file, and a sync of "
        "them.\n"
    )


@pytest.mark.parametrize(
    ("code", "theirs"),
    [
        ("from shop import *\n", "<the dg.Definitions that it has>)"),
        (
            "import dagster as dg\n\n\n@dg.repository\ndef shop():\n    return []\n",
            "dg.Definitions(assets=..., jobs=...))\nin place of its repository, with what that has",
        ),
    ],
)
def test_definitions_that_nobody_can_edit_are_told(folder: Path, code: str, theirs: str) -> None:
    write(folder, {**OF_DEFINITIONS, "kind_plain.py": code})

    assert said("init", code=1) == (
        f"Error: {folder}/kind_plain.py has no definitions that can be edited here. "
        f"Have it define\n  defs = ct_assets.definitions(Path(__file__).parent, {theirs}\n"
    )


def test_a_workspace_of_several_locations_is_not_guessed(folder: Path) -> None:
    write(folder, {"workspace.yaml": "load_from:\n  - python_module: a\n  - python_module: b\n"})

    assert "does not say where its Dagster definitions are" in said("init", code=1)
    assert [path.name for path in folder.iterdir()] == ["workspace.yaml"]


@pytest.mark.parametrize(
    ("name", "package"),
    [("My Shop", "my_shop"), ("2024", "sync_2024"), ("dagster", "dagster_syncs")],
)
def test_the_package_of_a_new_project_hides_no_other(
    tmp_path: Path, name: str, package: str
) -> None:
    (tmp_path / name).mkdir()

    sentences = [*ProjectSetup.around(tmp_path / name, "").written()]

    assert sentences[1] == f"{package}/definitions.py: the definitions, which load the syncs"


@pytest.mark.long
def test_a_new_project_is_one_for_dg(folder: Path) -> None:
    shutil.copy(CHINOOK, folder)
    said("init", "customer.csv")

    checked = subprocess.run(
        [Path(sys.executable).with_name("dg"), "check", "defs"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "All definitions loaded successfully." in checked.stdout, checked.stderr


def test_settings_of_dg_that_name_no_package_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.dg]\ndirectory_type = "project"\n')

    sentences = [*ProjectSetup.around(tmp_path, "").written()]

    assert sentences[:2] == [
        "pyproject.toml: [tool.dagster] names the module of the definitions",
        "definitions.py: the definitions, which load the syncs",
    ]
    assert tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"] == {
        "dg": {"directory_type": "project"},
        "dagster": {"module_name": "definitions"},
    }
