"""Gives a project its definitions: what it declares, and what that needs to run.

`ct_assets.definitions` is a function of the public API, and the module that `dagster -m`, `dg`, a
workspace file or CT_DEFINITIONS name for what this repository deploys. Importing a module makes it
an attribute of its package, so both would share one name, and which of them it meant would depend
on what was imported before. So it always means this module, and the module can be called.
"""

import sys
from pathlib import Path
from types import ModuleType

from ct_assets.clevertap.garbage_pause import GarbagePause

with GarbagePause(lasting=True):
    import dagster as dg

    from ct_assets.components.project.loader import load_defs
    from ct_assets.components.project_defaults import with_defaults


def definitions(folder: Path, own: dg.Definitions | None = None) -> dg.Definitions:
    """All that the project of `folder` declares in its `defs`, ready to be run.

    What the project does not define itself is added: the resources `clevertap`, `ct_staging`,
    `ct_warehouse` and `ct_alerts`, an executor, the sensors `automation`, which starts what follows
    a change, and `lost_runs`, which ends runs whose process is gone, and those of alerts. Its own
    count, by their key or name.

    Args:
        folder: The package of the project, as `Path(__file__).parent` in its `definitions.py`.
            `[tool.dg.project]` in the `pyproject.toml` above it names its `root_module`.
        own: What the project defines elsewhere than in `defs`. Syncs may name its assets, and its
            resources, executor and sensors count as those in `defs` do.

    Raises:
        InvalidDeclarationError: With file, line and fix of every mistake in a declaration.
    """
    return with_defaults(load_defs(folder, own))


@dg.definitions
def defs() -> dg.Definitions:
    """The example, which this repository deploys."""
    return definitions(Path(__file__).parent)


class _CallableModule(ModuleType):
    __call__ = staticmethod(definitions)


sys.modules[__name__].__class__ = _CallableModule
