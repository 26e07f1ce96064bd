"""The names that `ct_assets` promises, and that nothing is loaded before one is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ct_assets

SOURCE = Path(ct_assets.__file__)


def python(code: str) -> list[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("name", ct_assets.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(ct_assets, name)

    assert name == "__version__" or value.__doc__


def test_no_name_is_hidden_by_a_module_of_that_name() -> None:
    modules = "[n for n in ct_assets.__all__ if type(getattr(ct_assets, n)) is types.ModuleType]"

    assert python(f"import types, ct_assets.definitions; print(*{modules})") == ["testing"]


def test_type_checkers_see_the_names_that_are_there() -> None:
    checked = next(
        node
        for node in ast.parse(SOURCE.read_text()).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert {*seen, "__version__"} == set(ct_assets.__all__)
    assert seen | {"testing": "ct_assets.sandbox.testing"} == ct_assets._MODULES


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(AttributeError, match="module 'ct_assets' has no attribute 'Sync'"):
        getattr(ct_assets, "Sync")  # noqa: B009 - mypy knows that there is none


def test_importing_it_loads_nothing() -> None:
    loaded = python("import ct_assets, sys; print(*sys.modules)")

    assert [name for name in loaded if name.startswith("ct_assets")] == ["ct_assets"]
    assert {"dagster", "polars", "pydantic"} & set(loaded) == set()


def test_definitions_load_few_libraries_beside_dagster() -> None:
    loads = "import ct_assets.definitions; ct_assets.definitions.defs()"
    loaded = python(f"import sys; {loads}; print(*sys.modules)")

    late = {"jinja2", "numpy", "pyarrow", "phonenumbers", "obstore", "psycopg", "pymysql"}
    assert late & set(loaded) == set()


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "imports",
    [
        "import ct_assets",
        "import ct_assets.definitions",
        "import ct_assets; ct_assets.definitions; import ct_assets.definitions",
        "import importlib, ct_assets; importlib.import_module('ct_assets.definitions')",
    ],
)
def test_definitions_is_one_thing_however_it_is_imported(imports: str) -> None:
    code = f"{imports}; given = ct_assets.definitions; print(callable(given), given.__name__)"

    assert python(code) == ["True", "ct_assets.definitions"]
