"""PickledSources finds assets whose rows Dagster would pickle, for everybody to read."""

import inspect
import re
from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.resource_definition import ResourceDefinition

from ct_assets.components.project.registry import TABLE

DEFAULT = "io_manager"
_FRAME = re.compile(r"DataFrame|LazyFrame|\bTable\b|RecordBatch")
_ANY, _RESULT = "typing.Any", "MaterializeResult"
_IN_FILES = (dg.FilesystemIOManager, type(None))


def pickled_sources(definitions: dg.Definitions) -> Iterator[tuple[dg.AssetKey, bool]]:
    """Assets that give a frame, or do not say what they give, to an I/O manager that pickles it.

    A pickle of a LazyFrame has the secrets that it reads with, that of a DataFrame all its rows,
    and Dagster writes both into a file of mode 0644 that nobody ever removes. True beside those
    for which an `io_manager` may still be merged in.
    """
    resources = definitions.resources or {}
    for asset in definitions.assets or ():
        if not isinstance(asset, dg.AssetsDefinition) or not asset.is_executable:
            continue
        for key in asset.keys:
            manager = asset.get_io_manager_key_for_asset_key(key)
            bound = resources.get(manager)
            own = manager != DEFAULT and bound is None  # one of ours, or a mistake that is told
            if not own and pickles(bound) and may_give_a_frame(asset, key):
                yield key, bound is None


def pickles(manager: object) -> bool:
    fs: ResourceDefinition = dg.fs_io_manager
    return manager is fs or isinstance(manager, _IN_FILES)


def may_give_a_frame(asset: dg.AssetsDefinition, key: dg.AssetKey) -> bool:
    """Whether its function says so, or says nothing of what it gives."""
    output = asset.node_def.output_def_named(asset.get_output_name_for_asset_key(key))
    if output.dagster_type.is_nothing:
        return False
    given = str(output.dagster_type.typing_type)
    if given != _ANY:
        return _FRAME.search(given) is not None
    return TABLE not in asset.metadata_by_key.get(key, {}) and not _materializes(asset)


def _materializes(asset: dg.AssetsDefinition) -> bool:
    """Whether its function says that it wrote the rows itself, and gives none."""
    compute = asset.node_def.compute_fn if isinstance(asset.node_def, dg.OpDefinition) else None
    function = getattr(compute, "decorated_fn", None)
    code = getattr(inspect.unwrap(function), "__code__", None) if function else None
    said = str(getattr(function, "__annotations__", {}).get("return", ""))
    return _RESULT in said or (code is not None and _RESULT in code.co_names)
