"""Loads a project's declarations; what is wrong in them is said in words, not in a traceback."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg

from ct_assets.components.clevertap_sync import ClevertapSync
from ct_assets.components.declaration import InvalidDeclarationError, Place, misplaced, told
from ct_assets.components.source_table import SourceTable
from ct_assets.errors import UserError, closest


def load_defs(folder: Path) -> dg.Definitions:
    """Everything that the project of `folder` declares in its `defs` folder.

    `dg.load_from_defs_folder` loads the same, but wraps a mistake in pages of its own frames, and
    compares no sync with another.
    """
    try:
        tree = dg.ComponentTree.for_project(folder)
        _raise(list(misplaced(tree.defs_module_path)))
        syncs, sources = (
            tree.get_all_components(ClevertapSync),
            tree.get_all_components(SourceTable),
        )
        _raise([*_repeated_syncs(syncs), *_repeated_sources(sources)])
        definitions = dg.load_from_defs_folder(path_within_project=folder)
    except Exception as error:
        mistake = _mistake(error)
        if mistake is None:
            raise
        raise mistake from None
    assets = [key.to_user_string() for key in _keys(definitions)]
    _raise([mistake for sync in syncs for mistake in _unknown(sync, assets, syncs)])
    return definitions


def _repeated_syncs(syncs: Iterable[ClevertapSync]) -> Iterator[str]:
    seen: dict[str, Place] = {}
    for component in syncs:
        name = component.sync.name
        if name in seen:
            taken = f"the sync of {seen[name]} is called {name!r} too; give one another name"
            yield told(component.place, ("name",), taken)
        seen[name] = component.place


def _repeated_sources(sources: Iterable[SourceTable]) -> Iterator[str]:
    seen: dict[str, Place] = {}
    for component in sources:
        asset = component.source.asset
        if asset in seen:
            taken = f"{asset!r} is declared in {seen[asset]} too; keep one"
            yield told(component.place, ("asset",), taken)
        seen[asset] = component.place


def _unknown(
    component: ClevertapSync, assets: list[str], syncs: Iterable[ClevertapSync]
) -> Iterator[str]:
    sync, others = component.sync, [s.sync.name for s in syncs if s is not component]
    if sync.source not in assets:
        hint = closest(sync.source, assets) or "; declare it as a SourceTable"
        yield told(component.place, ("source",), f"no asset {sync.source!r}{hint}")
    for position, name in enumerate(sync.after):
        if name not in others:
            hint = closest(name, others) or f"; there are: {', '.join(others) or 'none'}"
            yield told(component.place, ("after", position), f"no other sync {name!r}{hint}")


def _keys(definitions: dg.Definitions) -> Iterator[dg.AssetKey]:
    """Of every asset, without resolving the graph: an unknown source would break that."""
    for asset in definitions.assets or ():
        if isinstance(asset, dg.AssetsDefinition):
            yield from asset.keys
        elif isinstance(asset, dg.AssetSpec):
            yield asset.key


def _raise(mistakes: list[str]) -> None:
    if mistakes:
        raise InvalidDeclarationError(mistakes)


def _mistake(error: BaseException | None) -> UserError | None:
    """What the author of the declarations got wrong, from under the layers of Dagster's errors."""
    while error is not None:
        if isinstance(error, UserError):
            return error
        error = error.__cause__
    return None
