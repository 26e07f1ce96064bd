"""ComputedSource has an asset of others give its frame once more, for a look; none is kept."""

from typing import Any

import dagster as dg
import polars as pl

from ct_assets.components.project.pickled_sources import may_give_a_frame
from ct_assets.components.project.run_failures import failures
from ct_assets.errors import UserError
from ct_assets.sources.frames import lazy_frame

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def computed(definitions: dg.Definitions, key: dg.AssetKey) -> pl.LazyFrame | None:
    """The frame that a run would get of the asset now; no run, event or file of it stays.

    None of an asset that is made elsewhere, has partitions, or gives no frame: it may write
    something.

    Raises:
        UserError: It fails.
    """
    asset = definitions.get_repository_def().assets_defs_by_key.get(key)
    if asset is None or not asset.is_executable or asset.partitions_def is not None:
        return None
    if not may_give_a_frame(asset, key):
        return None
    manager = asset.get_io_manager_key_for_asset_key(key)
    resources = definitions.resources or {}
    keeper = _Keeper(resources.get(manager))
    kept = dg.IOManagerDefinition.hardcoded_io_manager(keeper)
    apart = dg.Definitions(definitions.assets, resources={**resources, manager: kept})
    with dg.DagsterInstance.ephemeral() as instance:
        result = apart.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            asset_selection=[key] if asset.can_subset else sorted(asset.keys),
            run_config=QUIET,
            raise_on_error=False,
        )
    if not result.success:
        raise UserError("; ".join(failures(result)))
    return lazy_frame(keeper.given.get(key))


class _Keeper(dg.IOManager):
    """Keeps what an asset gives in memory, and reads what it is made of as its own manager does."""

    def __init__(self, own: object) -> None:
        self.own = own
        self.given: dict[dg.AssetKey, object] = {}

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        self.given[context.asset_key] = obj

    def load_input(self, context: dg.InputContext) -> Any:  # noqa: ANN401 - whatever it loads
        with dg.build_resources({"own": self.own or dg.fs_io_manager}) as resources:
            return resources.own.load_input(context)
