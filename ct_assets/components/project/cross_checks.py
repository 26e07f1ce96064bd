"""Mistakes in declarations that only show beside the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import dagster as dg

from ct_assets.components.project import registry
from ct_assets.components.project.locations import Place, ours, told
from ct_assets.components.project.yaml_documents import READ, Lines, UnreadableError, documents
from ct_assets.errors import closest
from ct_assets.mapping import Sync

TOLD = (dg.AssetsDefinition, dg.SourceAsset, dg.AssetSpec)
"""What says of which assets it is."""


@dataclass(frozen=True)
class Declarations:
    syncs: Sequence[tuple[Sync, Place]]
    sources: Sequence[tuple[str, Place]]
    assets: Mapping[dg.AssetKey, set[dg.AssetKey]]
    """Every asset with those that it is made of; whether they exist is not known yet."""
    closed: bool = True
    """Whether these are all; some integrations of Dagster tell their assets only later."""

    @staticmethod
    def of(definitions: dg.Definitions) -> "Declarations":
        """Without resolving the graph, which an unknown source would break."""
        given = list(definitions.assets or ())
        specs = [spec for asset in given for spec in _specs(asset)]
        return Declarations(
            [registry.sync_of(spec.metadata) for spec in specs if registry.SYNC in spec.metadata],
            [
                (spec.key.to_user_string(), registry.place_of_source(spec.metadata))
                for spec in specs
                if registry.SOURCE in spec.metadata
            ],
            {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs},
            all(isinstance(asset, TOLD) for asset in given),
        )

    def mistakes(self, defs: Path) -> Iterator[str]:
        yield from self._repeated()
        yield from self._passed_over(defs)
        for sync, at in self.syncs:
            yield from self._unknown(sync, at)
        yield from self._circles()

    def _repeated(self) -> Iterator[str]:
        seen: dict[str, Place] = {}
        for sync, at in self.syncs:
            if sync.name in seen:
                taken = f"the sync of {seen[sync.name]} is called {sync.name!r} too"
                yield told(at, ("name",), f"{taken}; give one another name")
            seen.setdefault(sync.name, at)
        seen.clear()
        for asset, at in self.sources:
            if asset in seen:
                taken = f"{asset!r} is declared in {seen[asset]} too; keep one"
                yield told(at, ("asset",), taken)
            seen.setdefault(asset, at)

    def _passed_over(self, defs: Path) -> Iterator[str]:
        """Of our declarations those that Dagster passes over without a word."""
        read = {at for _, at in (*self.syncs, *self.sources)}
        for file in sorted(file for end in ("yaml", "yml") for file in defs.rglob(f"*.{end}")):
            for document, lines in enumerate(_documents(file)):
                at = Place(file.parent, file, document)
                if ours(lines.value()) and at not in read:
                    yield (
                        f"{lines.at(())}: is not read: Dagster reads one {READ[0]} in a folder and "
                        "nothing below it. Move it to such a file in a folder of its own."
                    )

    def _unknown(self, sync: Sync, at: Place) -> Iterator[str]:
        assets = [key.to_user_string() for key in self.assets]
        if sync.source not in assets and self.closed:
            hint = closest(sync.source, assets) or "; declare it as a SourceTable"
            yield told(at, ("source",), f"no asset {sync.source!r}{hint}")
        for position, name in enumerate(sync.after):
            yield from self._no_sync(sync, at, ("after", position), name)
        if sync.require_profile is not None:
            yield from self._no_sync(sync, at, ("require_profile",), sync.require_profile)

    def _no_sync(
        self, sync: Sync, at: Place, path: Sequence[str | int], name: str
    ) -> Iterator[str]:
        others = [other.name for other, _ in self.syncs if other.name != sync.name]
        if name not in others:
            hint = closest(name, others) or f"; there are: {', '.join(others) or 'none'}"
            yield told(at, path, f"no other sync {name!r}{hint}")

    def _circles(self) -> Iterator[str]:
        try:
            TopologicalSorter(self.assets).prepare()
        except CycleError as error:
            circle = [key.to_user_string() for key in error.args[1][:-1]]
            said = f"these wait for each other, and none can go first: {', '.join(circle)}"
            for sync, at in self.syncs:
                if f"{sync.name}/clevertap" in circle and sync.after:
                    yield told(at, ("after",), f"{said}. Take one of them out of `after`.")
                    return
            for source, at in self.sources:
                if source in circle:
                    yield told(at, ("upstream",), f"{said}. Take one of them out of `upstream`.")
                    return
            yield said


def _specs(asset: object) -> Iterator[dg.AssetSpec]:
    if isinstance(asset, dg.AssetsDefinition):
        yield from asset.specs
    elif isinstance(asset, dg.SourceAsset):
        yield dg.AssetSpec(asset.key)
    elif isinstance(asset, dg.AssetSpec):
        yield asset


def _documents(file: Path) -> Sequence[Lines]:
    try:
        return documents(file)
    except UnreadableError:
        return ()  # one that Dagster does not read either, or it would have been told
