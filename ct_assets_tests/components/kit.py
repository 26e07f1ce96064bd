"""A project on disk for tests: `defs` written as text, loaded as its own code would load them."""

import itertools
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
)

import ct_assets

_NAMES = (f"ct_assets_project_{n}" for n in itertools.count())

CUSTOMERS = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}]
  fields:
    Name: name
    Email: mail
"""
SOURCE = """\
type: ct_assets.components.SourceTable
attributes:
  asset: shop/customer
  file: customer.csv
"""
WAREHOUSE = f"""\
import dagster as dg
import ct_assets
warehouse = ct_assets.WarehouseResource(seed="{Path(__file__).parents[2] / "data/chinook"}")
defs = dg.Definitions(resources={{"ct_warehouse": warehouse}})
"""
"""A `resources.py`: the warehouse is made of the CSV files that this repository ships."""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """A project below `root` with `files` in its `defs`; its package's folder."""
    package = root / next(_NAMES)
    for name, text in files.items():
        path = package / "defs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    root_module = f'root_module = "{package.name}"'
    toml = f'[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\n{root_module}\n'
    (root / "pyproject.toml").write_text(toml)
    for folder in (package, package / "defs"):
        (folder / "__init__.py").touch()
    sys.path.insert(0, str(root))
    return package


def load(root: Path, files: Mapping[str, str]) -> dg.Definitions:
    try:
        return ct_assets.definitions(write(root, files))
    finally:
        sys.path.remove(str(root))


def run(
    defs: dg.Definitions, *keys: str, instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    """Materializes the assets of these keys, or all of them."""
    job = defs.resolve_implicit_global_asset_job_def()
    selection = [dg.AssetKey.from_user_string(key) for key in keys] or None
    return job.execute_in_process(
        instance=instance or dg.DagsterInstance.ephemeral(),
        asset_selection=selection,
        raise_on_error=False,
    )


def begun(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    *keys: str,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
) -> dg.DagsterRun:
    """A run that is about to make these assets, and to evaluate their checks."""
    return instance.create_run_for_job(
        defs.get_repository_def().get_implicit_global_asset_job_def(),
        asset_selection=frozenset(map(dg.AssetKey.from_user_string, keys)),
        status=status,
    )


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the failed steps say."""
    events = [e for e in result.all_events if e.is_step_failure]
    errors = [e.step_failure_data.error for e in events]
    return "\n".join(error.to_string() for error in errors if error)


def stop(
    instance: dg.DagsterInstance,
    name: str,
    kind: InstigatorType,
    data: ScheduleInstigatorData | None = None,
) -> None:
    """As one stops a schedule or a sensor in the UI."""
    here = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("shop"), "__repository__")
    origin = RemoteInstigatorOrigin(here, name)
    instance.add_instigator_state(InstigatorState(origin, kind, InstigatorStatus.STOPPED, data))
