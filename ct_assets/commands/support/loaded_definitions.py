"""Loads the definitions of a module, with the syncs, staging and warehouse that they declare."""

import contextlib
import importlib.util
import re
import sys
from pathlib import Path

import dagster as dg

from ct_assets.clevertap.destination import Destination
from ct_assets.components.preview.workspace import Workspace
from ct_assets.components.project import registry
from ct_assets.components.project_defaults import resources
from ct_assets.errors import UserError
from ct_assets.io_managers.delivery_requests import home
from ct_assets.io_managers.resources import destinations
from ct_assets.settings import ProjectError, definitions_module, enter_project_of, project_root


class Project(Workspace):
    """The workspace of `ct-assets`."""

    def destination(
        self, name: str, instance: dg.DagsterInstance | None = None
    ) -> Destination | None:
        """The destination that a run of the sync would have now; see `destinations.known`."""
        declared = self.sync(name)
        return destinations.known(
            declared.sync, instance, is_example=declared.is_example, accounts=self.accounts
        )

    def state(self, name: str) -> Path:
        """The folder of a sync's state, for the destination that it has now."""
        return home(destinations.name_of(self.destination(name)), name)

    @staticmethod
    def load(module: str = "") -> "Project":
        """The definitions of `module`, or of the project around this folder.

        Raises:
            UserError: There are none, or a declaration is wrong.
        """
        module = module or definitions_module()
        _make_importable(module)
        enter_project_of(module)
        try:
            return Project.of(registry.load(module))
        except dg.DagsterInvalidDefinitionError as error:
            if missing := _missing_resource(error):
                raise UserError(
                    f"{module} has no resource `{missing}`, which syncs and source tables need: "
                    "add `resources=ct_assets.resources()` to its Definitions, or let "
                    "`ct_assets.definitions(Path(__file__).parent)` load them"
                ) from None
            raise
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise
            raise UserError(
                f"there is no Python module {error.name!r} here; name the one that holds your "
                "Dagster definitions with --module or CT_DEFINITIONS"
            ) from None


def _missing_resource(error: dg.DagsterInvalidDefinitionError) -> str | None:
    """The resource of ours that definitions lack."""
    lacking = re.search(r"resource with key '(\w+)' required by", str(error))
    return lacking[1] if lacking and lacking[1] in resources() else None


def _make_importable(module: str) -> None:
    """As `dagster` does: a project need not be installed."""
    top = module.partition(".")[0]
    if importlib.util.find_spec(top) is None:
        with contextlib.suppress(ProjectError):
            root = project_root()
            homes = [str(home) for home in (root, root / "src") if _holds(home, top)]
            sys.path[:0] = [home for home in homes if home not in sys.path]


def _holds(folder: Path, package: str) -> bool:
    return (folder / package).is_dir() or (folder / f"{package}.py").is_file()
