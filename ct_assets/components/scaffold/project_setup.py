"""ProjectSetup adds to a project what it lacks to load syncs, and says what it wrote."""

import importlib.util
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ct_assets.components.project.locations import SHORT
from ct_assets.components.scaffold.definitions_code import HERE, NEW, loading_syncs
from ct_assets.components.scaffold.proposed_source import plain, propose_source
from ct_assets.components.scaffold.scaffolder import (
    SourceParams,
    SyncParams,
    source_text,
    sync_text,
)
from ct_assets.errors import UserError
from ct_assets.settings import ProjectError, around, definitions_module, defs_module

MODULE = "definitions"
"""Of a project that names none."""


@dataclass(frozen=True)
class ProjectSetup:
    """Of the project at `root`, whose definitions are in `module`."""

    root: Path
    module: str = ""

    @classmethod
    def around(cls, folder: Path, module: str) -> "ProjectSetup":
        return cls(around(folder) or folder, module)

    def written(self) -> Iterator[str]:
        """A sentence for each file that was written; what is there already stays as it is.

        Raises:
            UserError: A person has to edit the definitions; the message has the line.
        """
        yield from self._named()
        code = self.code
        if not code.exists():
            code.parent.mkdir(parents=True, exist_ok=True)
            code.write_text(NEW)
            yield f"{self._shown(code)}: the definitions, which load the syncs"
        else:
            yield from self._edited(code)
        if not self.defs.is_dir():
            self.defs.mkdir(parents=True)
            yield f"{self._shown(self.defs)}/: the folder for declarations"
            if (self.defs.parent / "__init__.py").exists():
                (self.defs / "__init__.py").touch()

    def declared(self, file: Path) -> Iterator[str]:
        """The same of a source of `file` and a sync of it, proposed from its columns."""
        name = plain(file.name.partition(".")[0])
        target = self.defs / name
        declaration = target / "defs.yaml"
        if declaration.exists():
            yield f"{self._shown(declaration)} is there already, and stays as it is"
            return
        path = file.resolve()
        inside = path.is_relative_to(self.root.resolve())
        place = path.relative_to(self.root.resolve()) if inside else path
        source = source_text(name, SourceParams(file=str(place)), SHORT[1])
        target.mkdir(parents=True)
        declaration.write_text(source)
        proposed = propose_source(name, f"source/{name}", target, self.root)
        declaration.write_text(f"{source}---\n{sync_text(name, SyncParams(), proposed, SHORT[0])}")
        shown = self._shown(declaration)
        yield f"wrote {shown}: a source of {place}, and the sync `{name}`; edit it"

    @property
    def code(self) -> Path:
        """The file of the module of definitions; one to be made if there is none."""
        name = self._module().replace(".", "/")
        homes = (self.root, self.root / "src")
        found = [home / end for home in homes for end in (f"{name}.py", f"{name}/__init__.py")]
        made = next((h for h in homes if (h / name.partition("/")[0]).is_dir()), self.root)
        return next((file for file in found if file.is_file()), made / f"{name}.py")

    @property
    def defs(self) -> Path:
        """The folder of declarations."""
        module = defs_module(self.root)
        if module is None:
            return self.code.parent / "defs"
        top = module.partition(".")[0]
        home = next((h for h in (self.root, self.root / "src") if (h / top).is_dir()), self.root)
        return home.joinpath(*module.split("."))

    def _module(self) -> str:
        return self.module or definitions_module({"CT_PROJECT": str(self.root.resolve())})

    def _named(self) -> Iterator[str]:
        """Has the project say where its definitions are."""
        try:
            self._module()
        except ProjectError:
            if (self.root / "workspace.yaml").exists():
                raise  # it names several: a person says which
            yield from self._begun()

    def _begun(self) -> Iterator[str]:
        """The settings of a project of dg, with a package, unless there are definitions already."""
        settings = self.root / "pyproject.toml"
        before = f"{settings.read_text()}\n" if settings.exists() else ""
        named = tomllib.loads(before)
        if (self.root / f"{MODULE}.py").exists() or "dg" in named.get("tool", {}):
            settings.write_text(f'{before}[tool.dagster]\nmodule_name = "{MODULE}"\n')
            yield f"{self._shown(settings)}: [tool.dagster] names the module of the definitions"
            return
        package = self._package(named)
        settings.write_text(
            f'{before}[tool.dg]\ndirectory_type = "project"\n\n'
            f'[tool.dg.project]\nroot_module = "{package}"\n'
        )
        yield f"{self._shown(settings)}: [tool.dg.project] names the package `{package}`"
        homes = (self.root / "src" / package, self.root / package)
        if not any(home.is_dir() for home in homes):
            homes[1].mkdir()
            (homes[1] / "__init__.py").touch()

    def _package(self, named: Mapping[str, Any]) -> str:
        """Named as the project is, or its folder; never as a module of somebody else."""
        name = plain(named.get("project", {}).get("name", self.root.resolve().name)).lower()
        own = any((home / name).is_dir() for home in (self.root / "src", self.root))
        return name if own or importlib.util.find_spec(name) is None else f"{name}_syncs"

    def _edited(self, code: Path) -> Iterator[str]:
        before = code.read_text(encoding="utf-8")
        try:
            after = loading_syncs(before)
        except SyntaxError as error:
            raise UserError(f"{code}:{error.lineno}: is no Python: {error.msg}") from None
        if after is None:
            raise UserError(
                f"{code} has no definitions that can be edited here. Have it define\n"
                f"  defs = ct_assets.definitions({HERE}, {_theirs(before)}"
            )
        if after != before:
            code.write_text(after, encoding="utf-8")
            yield f"{self._shown(code)}: its definitions load the syncs, too"

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root))


def _theirs(code: str) -> str:
    """The rest of the line that a person is to write; a repository beside it would be hidden."""
    if "repository" not in code:
        return "<the dg.Definitions that it has>)"
    return "dg.Definitions(assets=..., jobs=...))\nin place of its repository, with what that has"
