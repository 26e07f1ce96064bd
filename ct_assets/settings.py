"""Settings say where this deployment keeps what it generates: in the project, wherever one stands.

A state that depended on the folder of the command would be lost by a `cd`: all events would be
sent again. So a relative folder starts at the project, and without a project there is none.
"""

import importlib.util
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ct_assets.errors import UserError

PROJECT, DATA_DIR = "CT_PROJECT", "CT_DATA_DIR"
MARKS = (("pyproject.toml", "dg.toml"), ("workspace.yaml",), ("dagster.yaml",))
"""Files that a project's folder has; the later ones count only where none has the first."""

_WORKSPACE_KINDS = {
    "python_module": "module_name",
    "python_package": "package_name",
    "python_file": "relative_path",
}

_entered: Path | None = None
"""The project whose definitions this process has loaded."""


class ProjectError(UserError):
    """No project was found, or it does not name its definitions."""


def enter_project(root: Path) -> None:
    """Makes `root` the project of this process, whose definitions are loaded from there.

    Does nothing where it has no file of a project, as in tests of a component.
    """
    global _entered
    if any((root / mark).is_file() for marks in MARKS for mark in marks):
        _entered = root


def enter_project_of(module: str) -> None:
    """The same for the project that holds a Python module; does nothing where none is found."""
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return
    places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
    root = next((root for place in places if place and (root := around(Path(place)))), None)
    if root is not None:
        enter_project(root)


def project_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The project: CT_PROJECT, or that of the loaded definitions, or the one around this folder.

    From a folder that is in no project, as a service's may be, DAGSTER_HOME leads to it.

    Raises:
        ProjectError: There is none.
    """
    if named := environ.get(PROJECT):
        return _named(Path(named))
    home = environ.get("DAGSTER_HOME")
    known = _entered or around(Path.cwd(), home)
    if known is None and home:
        known = around(Path(home), home)
    if known is None:
        raise ProjectError(
            f"no project here: neither {Path.cwd()} nor a folder above it has one of "
            f"{', '.join(mark for marks in MARKS for mark in marks)}; go to the project's folder, "
            f"name it with {PROJECT}, or make one here with `ct-assets init`"
        )
    return known


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`CT_DATA_DIR`, or `data`; a relative one starts at the project's root.

    Raises:
        ProjectError: It is relative, and there is no project.
    """
    folder = Path(environ.get(DATA_DIR) or "data")
    return (folder if folder.is_absolute() else project_root(environ) / folder).resolve()


def definitions_module(environ: Mapping[str, str] = os.environ) -> str:
    """The module of the project's definitions.

    Its pyproject.toml or dg.toml names it, or its workspace.yaml, if that names one module.

    Raises:
        ProjectError: There is no project, or it does not name one.
    """
    root = project_root(environ)
    modules = [*map(_module, _settings(root)), _workspace_module(root)]
    for module in modules:
        if module:
            return module
    raise ProjectError(
        f"the project {root} does not say where its Dagster definitions are: write `root_module` "
        "below [tool.dg.project] in its pyproject.toml, or name the module with --module or "
        "CT_DEFINITIONS"
    )


def names_its_modules(folder: Path) -> bool:
    """Whether the project around `folder` says in [tool.dg.project] where its modules are."""
    return defs_module(folder) is not None


def defs_module(folder: Path) -> str | None:
    """The module of declarations that [tool.dg.project] of the project around `folder` names."""
    root = next((f for f in (folder, *folder.parents) if any(_settings(f))), None)
    for settings in _settings(root) if root else ():
        project = settings.get("dg", {}).get("project", {})
        if module := project.get("defs_module"):
            return str(module)
        if module := project.get("root_module"):
            return f"{module}.defs"
    return None


def around(place: Path, home: str | None = None) -> Path | None:
    """The project around `place`: one that names its definitions before any other.

    The root of the file system is none, whatever lies there; nor is `home`, Dagster's, for the
    dagster.yaml that it has.
    """
    folders = [folder for folder in (place.absolute(), *place.absolute().parents) if folder.name]
    files = [folder / mark for marks in MARKS for folder in folders for mark in marks]
    own = Path(home).absolute() / "dagster.yaml" if home else None
    named = (folder for folder in folders if any(map(_module, _settings(folder))))
    return next(named, None) or next((f.parent for f in files if f != own and f.is_file()), None)


def _named(root: Path) -> Path:
    if not root.is_absolute():
        raise ProjectError(f"{PROJECT}={root} is relative; write the project's folder in full")
    if not root.is_dir():
        raise ProjectError(f"{PROJECT}={root}: there is no such folder")
    return root.resolve()


def _settings(folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of Dagster in the project's files, in the shape of pyproject.toml's `tool`."""
    if (file := folder / "dg.toml").is_file():
        yield {"dg": _read(file)}
    if (file := folder / "pyproject.toml").is_file():
        yield _read(file).get("tool", {})


def _module(settings: Mapping[str, Any]) -> str | None:
    project = settings.get("dg", {}).get("project", {})
    if module := project.get("code_location_target_module"):
        return str(module)
    if root_module := project.get("root_module"):
        return f"{root_module}.definitions"
    module = settings.get("dagster", {}).get("module_name")
    return str(module) if module else None


def _workspace_module(root: Path) -> str | None:
    """The one module of a workspace.yaml, by its name or its file; None if it names several."""
    file = root / "workspace.yaml"
    if not file.is_file():
        return None
    try:
        workspace = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: not readable as YAML: {error}") from None
    entries = workspace.get("load_from") if isinstance(workspace, dict) else None
    entry = entries[0] if isinstance(entries, list) and len(entries) == 1 else {}
    for kind, inner in _WORKSPACE_KINDS.items():
        if named := entry.get(kind):
            name = str(named.get(inner) if isinstance(named, dict) else named)
            return name.removesuffix(".py").replace("/", ".") if inner == "relative_path" else name
    return None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: not readable as TOML: {error}") from None
