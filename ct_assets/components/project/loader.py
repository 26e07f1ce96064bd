"""Loads a project's declarations, and tells mistakes in them in words, not in a traceback."""

import importlib
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import dagster as dg

from ct_assets.components.project.connection_resources import repeated_connections
from ct_assets.components.project.cross_checks import Declarations
from ct_assets.components.project.late_check import KEY, LateCheck
from ct_assets.components.project.locations import (
    InvalidDeclarationError,
    mistakes_around_attributes,
)
from ct_assets.components.project.yaml_documents import READ, relative
from ct_assets.errors import UserError
from ct_assets.mapping.declaration.problems import DeclarationError
from ct_assets.settings import around, enter_project, names_its_modules


def load_defs(folder: Path, own: dg.Definitions | None = None) -> dg.Definitions:
    """Loads all that the project of `folder` declares in its `defs` folder, beside its `own`.

    `dg.load_from_defs_folder` loads the same, but wraps a mistake in pages of its own frames, and
    compares no sync with another.

    Raises:
        InvalidDeclarationError: With file, line and fix of every mistake.
    """
    mistake: UserError | None
    try:
        return _loaded(folder, own)
    except Exception as error:
        mistake = _mistake(error, folder)
        if mistake is None:
            raise
    # Outside of the handler and without its frames, which show this code and not the mistake.
    raise mistake.with_traceback(None) from None


def _loaded(folder: Path, own: dg.Definitions | None) -> dg.Definitions:
    tree = _tree(folder)
    enter_project(tree.project_root)
    _raise(list(mistakes_around_attributes(tree.defs_module_path)))
    _raise(list(repeated_connections(tree.defs_module_path)))
    with warnings.catch_warnings():
        # Dagster's warnings about itself, which `dg.load_from_defs_folder` silences as well.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        definitions = tree.build_defs() if _declares(tree) else dg.Definitions()
    if own is not None:
        definitions = dg.Definitions.merge(own, definitions)
    declared = Declarations.of(definitions)
    _raise(list(declared.mistakes(tree.defs_module_path)))
    if late := list(declared.pickling(late=True)):
        return dg.Definitions.merge(definitions, dg.Definitions(resources={KEY: LateCheck(late)}))
    return definitions


def _tree(folder: Path) -> dg.ComponentTree:
    """The declarations: where the project's [tool.dg.project] says, else in `folder`'s `defs`."""
    if names_its_modules(folder):
        project = dg.ComponentTree.for_project(folder)
        # Without a project name of its own it does not clash with the one of `dagster -m`.
        return dg.ComponentTree(defs_module=project.defs_module, project_root=project.project_root)
    if not (folder / "defs").is_dir():
        raise UserError(f"{folder} has no folder `defs`; make one for the declarations of syncs")
    module = importlib.import_module(_defs_name(folder.resolve()))
    return dg.ComponentTree(defs_module=module, project_root=around(folder) or folder)


def _declares(tree: dg.ComponentTree) -> bool:
    """False for a folder without a module or a declaration, which Dagster does not load."""
    files = (path for path in tree.defs_module_path.rglob("*") if path.is_file())
    return any(file.suffix == ".py" or file.name in READ for file in files)


def _defs_name(folder: Path) -> str:
    """The name of the module `defs` of a folder, which is a package or not."""
    for name, module in list(sys.modules.items()):
        # Not by getattr: some modules make up whatever attribute they are asked for.
        places = getattr(module, "__dict__", {}).get("__path__") or ()
        if [Path(place).resolve() for place in places] == [folder]:
            return f"{name}.defs"
    is_package = (folder / "__init__.py").exists()
    home = str(folder.parent if is_package else folder)
    if home not in sys.path:
        sys.path.insert(0, home)
    return f"{folder.name}.defs" if is_package else "defs"


def _raise(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise InvalidDeclarationError(mistakes)


def _mistake(error: BaseException | None, folder: Path) -> UserError | None:
    """Finds the mistake of an author below the layers of Dagster's errors."""
    while error is not None:
        if isinstance(error, DeclarationError):
            at = _line_in(error.__traceback__, folder)
            return InvalidDeclarationError([f"{at}: {problem}" for problem in error.problems])
        if isinstance(error, UserError):
            return error
        error = error.__cause__
    return None


def _line_in(frames: TracebackType | None, folder: Path) -> str:
    """`file:line` in the project's Python code that made the declaration."""
    own = [f for f in traceback.extract_tb(frames) if Path(f.filename).is_relative_to(folder)]
    return f"{relative(Path(own[-1].filename))}:{own[-1].lineno}" if own else "declared in Python"
