import sys
from pathlib import Path

import pytest

from ct_assets.settings import (
    ProjectError,
    data_dir,
    definitions_module,
    enter_project,
    enter_project_of,
    project_root,
)

DG = """\
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "shop"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dagster project with its DAGSTER_HOME inside, and a package of another tool."""
    root = tmp_path / "project"
    for folder in ("shop/defs/people", "data/state", ".dagster", "tools/lint"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").write_text(DG)
    (root / "shop" / "__init__.py").touch()
    (root / ".dagster" / "dagster.yaml").touch()
    (root / "tools" / "pyproject.toml").write_text("[tool.ruff]\n")
    monkeypatch.setenv("DAGSTER_HOME", str(root / ".dagster"))
    return root


@pytest.mark.parametrize(
    "folder", ["", "shop/defs/people", "data/state", ".dagster", "tools/lint", "..", "/"]
)
def test_the_data_are_the_same_wherever_one_stands(
    project: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / folder)

    home = {"DAGSTER_HOME": str(project / ".dagster")}
    assert project_root(home) == project
    assert data_dir(home) == project / "data"
    assert data_dir(home | {"CT_DATA_DIR": "elsewhere"}) == project / "elsewhere"
    assert data_dir({"CT_DATA_DIR": "/srv/data"}) == Path("/srv/data")


def test_a_dagster_home_is_no_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").unlink()
    monkeypatch.chdir(project / ".dagster")

    with pytest.raises(ProjectError):
        project_root({"DAGSTER_HOME": str(project / ".dagster")})

    (project / "workspace.yaml").touch()
    assert project_root({"DAGSTER_HOME": str(project)}) == project


def test_the_loaded_definitions_say_which_project_is_meant(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pyproject.toml").write_text(DG.replace("shop", "other"))
    monkeypatch.chdir(tmp_path / "other")
    assert data_dir({}) == tmp_path / "other" / "data"

    monkeypatch.setattr(sys, "path", [str(project), *sys.path])
    enter_project_of("shop.definitions")

    assert data_dir({}) == project / "data"
    assert data_dir({"CT_PROJECT": str(tmp_path)}) == tmp_path / "data"


@pytest.mark.parametrize("folder", ["/", "/usr"])
@pytest.mark.parametrize("given", [{}, {"CT_DATA_DIR": "data"}])
def test_without_a_project_nothing_is_made_anywhere(
    folder: str, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)

    with pytest.raises(ProjectError) as raised:
        data_dir(given)

    assert str(raised.value) == (
        f"no project here: neither {folder} nor a folder above it has one of pyproject.toml, "
        "dg.toml, workspace.yaml, dagster.yaml; go to the project's folder, name it with "
        "CT_PROJECT, or make one here with `ct-assets init`"
    )


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("shop", "CT_PROJECT=shop is relative; write the project's folder in full"),
        ("/no/such/folder", "CT_PROJECT=/no/such/folder: there is no such folder"),
    ],
)
def test_a_project_that_is_named_wrongly(named: str, said: str) -> None:
    with pytest.raises(ProjectError) as raised:
        project_root({"CT_PROJECT": named})

    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("file", "text", "module"),
    [
        ("pyproject.toml", DG, "shop.definitions"),
        ("pyproject.toml", DG + 'code_location_target_module = "shop.all"', "shop.all"),
        ("pyproject.toml", '[tool.dagster]\nmodule_name = "shop.repository"', "shop.repository"),
        ("dg.toml", '[project]\nroot_module = "shop"', "shop.definitions"),
        ("workspace.yaml", "load_from: [{python_module: shop.old}]", "shop.old"),
        ("workspace.yaml", "load_from: [{python_module: {module_name: shop.old}}]", "shop.old"),
        ("workspace.yaml", "load_from: [{python_package: shop}]", "shop"),
        ("workspace.yaml", "load_from: [{python_file: shop.py}]", "shop"),
        ("workspace.yaml", "load_from: [{python_file: {relative_path: a/b.py}}]", "a.b"),
    ],
)
def test_a_project_names_its_definitions(tmp_path: Path, file: str, text: str, module: str) -> None:
    (tmp_path / file).write_text(text)
    enter_project(tmp_path)

    assert definitions_module({}) == module


@pytest.mark.parametrize(
    "text",
    [
        "",
        "load_from: [{grpc_server: {host: localhost, port: 4266}}]",
        "load_from: [{python_module: shop.old}, {python_module: shop.new}]",
    ],
)
def test_a_workspace_of_servers_or_of_several_modules_names_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "workspace.yaml").write_text(text)
    enter_project(tmp_path)

    with pytest.raises(ProjectError, match="does not say where its Dagster definitions are"):
        definitions_module({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[tool.ruff]",
            "the project {root} does not say where its Dagster definitions are: write "
            "`root_module` below [tool.dg.project] in its pyproject.toml, or name the module "
            "with --module or CT_DEFINITIONS",
        ),
        ("tool =", "{root}/pyproject.toml: not readable as TOML: Invalid value"),
    ],
)
def test_a_project_that_names_none(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    enter_project(tmp_path)

    with pytest.raises(ProjectError) as raised:
        definitions_module({})

    assert str(raised.value).startswith(said.format(root=tmp_path))
