"""ComputedSource has an asset of others give its frame once more, for a look; none is kept."""

from typing import Any

import dagster as dg
import polars as pl

from ct_assets.components.project.pickled_sources import may_give_a_frame
from ct_assets.components.runs.run_failures import failures
from ct_assets.components.runs.sync_runs import QUIET
from ct_assets.errors import UserError
from ct_assets.sources.frames import lazy_frame


def computed(definitions: dg.Definitions, key: dg.AssetKey) -> pl.LazyFrame | None:
    """The frame that a run would get of the asset now; its own code runs, of which nothing stays.

    No I/O manager of the project writes, neither for this asset nor for those made with it.

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
    given: dict[object, object] = {}
    resources = definitions.resources or {}
    kept = {
        manager: dg.IOManagerDefinition.hardcoded_io_manager(_Keeper(resources.get(manager), given))
        for manager in _managers(asset)
    }
    apart = dg.Definitions(definitions.assets, resources={**resources, **kept})
    with dg.DagsterInstance.ephemeral() as instance:
        result = apart.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            asset_selection=[key] if asset.can_subset else sorted(asset.keys),
            run_config=QUIET,
            raise_on_error=False,
        )
    if not result.success:
        raise UserError("; ".join(failures(result)))
    return lazy_frame(given.get(key))


def _managers(asset: dg.AssetsDefinition) -> set[str]:
    """The I/O managers of all that it makes, also between the ops inside of it."""
    keys = {asset.get_io_manager_key_for_asset_key(key) for key in asset.keys}
    ops = asset.node_def.iterate_op_defs()
    return keys | {output.io_manager_key for op in ops for output in op.output_defs}


class _Keeper(dg.IOManager):
    """Keeps what an asset gives in memory, and reads what it is made of as its own manager does."""

    def __init__(self, own: object, given: dict[object, object]) -> None:
        self.own = own
        self.given = given

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        self.given[_name(context)] = obj

    def load_input(self, context: dg.InputContext) -> Any:  # noqa: ANN401 - whatever it loads
        output = context.upstream_output
        if output is not None and _name(output) in self.given:
            return self.given[_name(output)]
        with dg.build_resources({"own": self.own or dg.fs_io_manager}) as resources:
            return resources.own.load_input(context)


def _name(output: dg.OutputContext) -> object:
    """The key of an asset; of an op inside of one, its step and output."""
    inside = (output.step_key, output.name, output.mapping_key)
    return output.asset_key if output.has_asset_key else inside
