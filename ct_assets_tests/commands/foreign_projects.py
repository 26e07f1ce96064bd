"""Projects of other people, of each kind, in a folder of their own; `ct-assets` called in them."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ct_assets.cli import cli

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
PACKAGE = {
    "pyproject.toml": '[project]\nname = "kind-python"\nversion = "1.0"\n',
    "src/kind_python/__init__.py": "",
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
        "wrote pyproject.toml: [tool.dg.project] names the package `kind_new`\n"
        "wrote kind_new/definitions.py: the definitions, which load the syncs\n"
        "wrote kind_new/defs/: the folder for declarations\n",
        "kind_new/defs/customer/defs.yaml",
    ),
    "a package": (
        PACKAGE,
        "wrote pyproject.toml: [tool.dg.project] names the package `kind_python`\n"
        "wrote src/kind_python/definitions.py: the definitions, which load the syncs\n"
        "wrote src/kind_python/defs/: the folder for declarations\n",
        "src/kind_python/defs/customer/defs.yaml",
    ),
    "definitions that nothing names": (
        {"definitions.py": OF_DEFINITIONS["kind_plain.py"]},
        "wrote pyproject.toml: [tool.dagster] names the module of the definitions\n"
        "wrote definitions.py: its definitions load the syncs, too\n"
        "wrote defs/: the folder for declarations\n",
        "defs/customer/defs.yaml",
    ),
}


@contextlib.contextmanager
def entered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Has commands run in `folder`, and forgets the modules of the project in it afterwards."""
    monkeypatch.delenv("CT_DATA_DIR")
    monkeypatch.setattr("ct_assets.settings._entered", None)
    monkeypatch.chdir(folder)
    path, modules = list(sys.path), set(sys.modules)
    yield folder
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
