"""Finds the syncs and sources of loaded definitions, without running or opening anything."""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.definition.asset_spec import (
    SYSTEM_METADATA_KEY_AUTO_CREATED_STUB_ASSET as MADE_UP,
)
from dagster._core.definitions.metadata.metadata_value import ObjectMetadataValue
from dagster.components.definitions import LazyDefinitions

from ct_assets.components.project import asset_keys
from ct_assets.components.project.connection_resources import connections_of
from ct_assets.components.project.locations import InvalidDeclarationError, Place, message_at
from ct_assets.errors import UserError, closest
from ct_assets.mapping import Sync, parse
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets.sources.connections.named_table import NamedTable
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.source import Source
from ct_assets.sources.source import parse as parse_source

# Where an asset's declaration is in its metadata; both are shown in the UI.
SYNC, SOURCE = "clevertap_sync", "source_table"
DECLARATIONS = (SYNC, SOURCE)
TABLE = "dagster/table_name"
EXAMPLE = Path(__file__).parents[2] / "defs" / "chinook"


@dataclass(frozen=True)
class Declared:
    """A sync with its place, and its source if that is a SourceTable or names its table."""

    sync: Sync
    source: DeclaredSource | None
    place: Place

    @property
    def is_example(self) -> bool:
        """Whether its source ships with this package: it is sent to no account."""
        return self.source is not None and self.source.folder.is_relative_to(EXAMPLE)


def load(module: str) -> dg.Definitions:
    """Loads the definitions of a Python module, as `dagster -m MODULE` does."""
    in_module = [
        value() if isinstance(value, LazyDefinitions) else value
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, LazyDefinitions | dg.Definitions)
    ]
    if len(in_module) != 1:
        raise UserError(f"{module}: expected one Dagster Definitions, found {len(in_module)}")
    return in_module[0]


def catalogue(definitions: dg.Definitions) -> Mapping[str, Declared]:
    """Every sync by its name.

    Raises:
        InvalidDeclarationError: The source of one is no asset, which only shows here in a project
            whose definitions were not loaded by `ct_assets.definitions`.
    """
    every = definitions.resolve_all_asset_specs()
    # Dagster makes up an asset for each name that is merely depended on.
    specs = {spec.key: spec for spec in every if MADE_UP not in spec.metadata}
    connections = connections_of(definitions.resources or {})
    syncs = dict[str, Declared]()
    for spec in specs.values():
        if SYNC in spec.metadata:
            sync, at = sync_of(spec.metadata)
            asset = specs.get(dg.AssetKey.from_user_string(sync.source))
            source = _source_of(asset) if asset else None
            syncs[sync.name] = Declared(sync, source and source.connected(connections), at)
    assets = [key.to_user_string() for key in specs]
    mistakes = [
        message_at(declared.place, ("source",), no_source(declared.sync, assets, syncs))
        for declared in syncs.values()
        if asset_keys.source_key(declared.sync) not in specs
    ]
    if mistakes:
        raise InvalidDeclarationError(mistakes)
    return syncs


def sources(definitions: dg.Definitions) -> Mapping[str, DeclaredSource]:
    """Every SourceTable, and every other asset that names its table and that a sync reads."""
    connections = connections_of(definitions.resources or {})
    specs = list(definitions.resolve_all_asset_specs())
    read = {sync_of(spec.metadata)[0].source for spec in specs if SYNC in spec.metadata}
    found = {}
    for spec in specs:
        name = spec.key.to_user_string()
        source = _source_of(spec) if name in read else _source(spec.metadata)
        if source is not None:
            found[name] = source.connected(connections)
    return found


def find(syncs: Mapping[str, Declared], name: str) -> Declared:
    if name not in syncs:
        hint = closest(name, list(syncs)) or f"; declared are: {', '.join(sorted(syncs)) or 'none'}"
        raise UserError(f"no sync is called {name!r}{hint}")
    return syncs[name]


def no_source(sync: Sync, assets: Iterable[str], syncs: Iterable[str]) -> str:
    """That the sync's source is no asset; names one that is like it, but no output of a sync."""
    outputs = {f"{name}/{stage}" for name in syncs for stage in STAGES}
    known = sorted({*assets} - outputs - {sync.source})
    hint = closest(sync.source, known) or (
        "; declare it as a SourceTable, or give the definitions that have it to "
        "ct_assets.definitions, as its `own`"
    )
    return f"no asset {sync.source!r}{hint}"


def sync_metadata(raw: Mapping[str, Any], at: Place) -> dict[str, Any]:
    declared = json.loads(json.dumps(raw, default=str))
    told = f"{raw.get('object')} of {raw.get('source')}"
    return {SYNC: _hidden(told, {"declaration": declared, "place": at.to_json()})}


def source_metadata(source: DeclaredSource, at: Place) -> dict[str, Any]:
    declared = source.source.model_dump(mode="json", exclude_defaults=True)
    value = {"declaration": declared, "root": str(source.root), "place": at.to_json()}
    return {SOURCE: _hidden(source.source.asset, value)}


def sync_of(metadata: Mapping[str, Any]) -> tuple[Sync, Place]:
    """The sync whose `clevertap` asset has this metadata, and where it is declared."""
    declared = _json(metadata[SYNC])
    return parse(declared["declaration"]), Place.from_json(declared["place"])


def place_of_source(metadata: Mapping[str, Any]) -> Place:
    return Place.from_json(_json(metadata[SOURCE])["place"])


def upstream_of_source(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_json(metadata[SOURCE])["declaration"].get("upstream", ()))


def connection_of(metadata: Mapping[str, Any]) -> tuple[str, Place] | None:
    """The connection that a source names, and where the source is declared."""
    name = _json(metadata[SOURCE])["declaration"].get("connection") if SOURCE in metadata else None
    return (name, place_of_source(metadata)) if name else None


def is_example(source: Mapping[str, Any]) -> bool:
    """Whether a source that has this metadata ships with this package."""
    return SOURCE in source and place_of_source(source).folder.is_relative_to(EXAMPLE)


def place_read(key: dg.AssetKey, metadata: Mapping[str, Any]) -> str:
    """The file or table that a source reads; empty of a query, and where nobody knows."""
    source = _source(metadata) or named_table(key, metadata, ())
    return source.place if source else ""


def declared_syncs(repository: dg.RepositoryDefinition | None) -> Iterator[Sync]:
    for key, asset in (repository.assets_defs_by_key if repository else {}).items():
        metadata = asset.metadata_by_key.get(key, {})
        if SYNC in metadata:
            yield sync_of(metadata)[0]


def declared_assets(repository: dg.RepositoryDefinition) -> Iterator[dg.AssetKey]:
    """The assets of the declared syncs and SourceTables."""
    for sync in declared_syncs(repository):
        yield from (asset_keys.key(sync, stage) for stage in asset_keys.stages(sync))
    for key, asset in repository.assets_defs_by_key.items():
        if SOURCE in asset.metadata_by_key.get(key, {}):
            yield key


def declared_source(
    repository: dg.RepositoryDefinition | None, key: dg.AssetKey
) -> DeclaredSource | None:
    """The SourceTable of that key, if it is one."""
    asset = repository and repository.assets_defs_by_key.get(key)
    source = _source(asset.metadata_by_key[key]) if asset else None
    if source is None or repository is None:
        return source
    return source.connected(connections_of(repository.get_top_level_resources()))


def _source_of(spec: dg.AssetSpec) -> DeclaredSource | None:
    return _source(spec.metadata) or named_table(spec.key, spec.metadata, spec.kinds)


def _source(metadata: Mapping[str, Any]) -> DeclaredSource | None:
    if SOURCE not in metadata:
        return None
    declared = _json(metadata[SOURCE])
    source = parse_source(declared["declaration"])
    return DeclaredSource(source, Path(declared["root"]), Place.from_json(declared["place"]).folder)


def _hidden(told: str, value: Mapping[str, Any]) -> ObjectMetadataValue:
    """A declaration for this process; the catalog shows `told` in its place, and no JSON."""
    return ObjectMetadataValue(told, instance=value)


def _json(value: object) -> dict[str, Any]:
    if not isinstance(value, ObjectMetadataValue) or not isinstance(value.instance, dict):
        raise TypeError("a declaration in metadata is an object of the process that loaded it")
    return value.instance


def named_table(
    key: dg.AssetKey, metadata: Mapping[str, object], kinds: Iterable[str]
) -> DeclaredSource | None:
    """The table of an asset, by the metadata of dbt, of Dagster's I/O managers and others."""
    name = metadata.get(TABLE)
    if name is None:
        return None
    asset, whole = key.to_user_string(), str(getattr(name, "value", name)).replace('"', "")
    parts = tuple(whole.split("."))
    table = NamedTable(asset, parts, frozenset(map(str.lower, kinds)))
    source = Source(asset=asset, table=".".join(parts[-2:]))
    return DeclaredSource(source, Path(), Path(), table=table)
