"""Finds mistakes in declarations that only show beside the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import dagster as dg

from ct_assets.components.project import registry
from ct_assets.components.project.connection_resources import (
    connection_places,
    unknown_connection,
)
from ct_assets.components.project.locations import Place, component_of, message_at
from ct_assets.components.project.pickled_sources import pickled_sources
from ct_assets.components.project.yaml_documents import READ, documents_known
from ct_assets.errors import closest
from ct_assets.mapping import Sync

WITH_KEYS = (dg.AssetsDefinition, dg.SourceAsset, dg.AssetSpec)
"""Kinds of assets whose keys are known at once."""


@dataclass(frozen=True)
class Declarations:
    syncs: Sequence[tuple[Sync, Place]]
    sources: Sequence[tuple[str, Place]]
    assets: Mapping[dg.AssetKey, set[dg.AssetKey]]
    """Every asset with those that it is made of; whether they exist is not known yet."""
    complete: bool = True
    """Whether these are all; some integrations of Dagster name their assets only later."""
    pickled: Mapping[str, bool] = field(default_factory=dict)
    """Assets whose rows Dagster would pickle: True if an `io_manager` may still be merged in."""
    upstream: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The assets that each source names as its `upstream`."""
    connections: Mapping[str, Place] = field(default_factory=dict)
    connected: Sequence[tuple[str, Place]] = ()
    """The connections that sources name."""

    @staticmethod
    def of(definitions: dg.Definitions) -> "Declarations":
        """Reads them without resolving the asset graph, which an unknown source would break."""
        assets = list(definitions.assets or ())
        specs = [spec for asset in assets for spec in _specs(asset)]
        return Declarations(
            [registry.sync_of(spec.metadata) for spec in specs if registry.SYNC in spec.metadata],
            [
                (spec.key.to_user_string(), registry.place_of_source(spec.metadata))
                for spec in specs
                if registry.SOURCE in spec.metadata
            ],
            {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs},
            all(isinstance(asset, WITH_KEYS) for asset in assets),
            {key.to_user_string(): late for key, late in pickled_sources(definitions)},
            _upstream(specs),
            connection_places(definitions.resources or {}),
            [named for spec in specs if (named := registry.connection_of(spec.metadata))],
        )

    def mistakes(self, defs: Path) -> Iterator[str]:
        yield from self._repeated()
        yield from self._not_read(defs)
        for sync, at in self.syncs:
            yield from self._unknown(sync, at)
        yield from self._mistyped_upstream()
        for sync, at in self.syncs:
            name = sync.log and sync.log.connection
            if name and name not in self.connections:
                unknown = unknown_connection(name, self.connections)
                yield message_at(at, ("log", "connection"), unknown)
        for name, at in self.connected:
            if name not in self.connections:
                yield message_at(at, ("connection",), unknown_connection(name, self.connections))
        yield from self.pickling(late=False)
        yield from self._circles()

    def _repeated(self) -> Iterator[str]:
        first: dict[str, Place] = {}
        for sync, at in self.syncs:
            if sync.name in first:
                taken = f"the sync of {first[sync.name]} is called {sync.name!r} too"
                yield message_at(at, ("name",), f"{taken}; give one another name")
            first.setdefault(sync.name, at)
        first.clear()
        for asset, at in self.sources:
            if asset in first:
                taken = f"{asset!r} is declared in {first[asset]} too; keep one"
                yield message_at(at, ("asset",), taken)
            first.setdefault(asset, at)

    def _not_read(self, defs: Path) -> Iterator[str]:
        """Finds our declarations in files that Dagster does not read; it says nothing of them."""
        read = {at for _, at in (*self.syncs, *self.sources)} | {*self.connections.values()}
        for file in sorted(file for end in ("yaml", "yml") for file in defs.rglob(f"*.{end}")):
            for document, lines in enumerate(documents_known(file)):
                at = Place(file.parent, file, document)
                if component_of(lines.value()) and at not in read:
                    yield (
                        f"{lines.at(())}: is not read: Dagster reads one {READ[0]} in a folder and "
                        "nothing below it. Move it to such a file in a folder of its own."
                    )

    def _unknown(self, sync: Sync, at: Place) -> Iterator[str]:
        assets = [key.to_user_string() for key in self.assets]
        if sync.source not in assets and self.complete:
            syncs = [other.name for other, _ in self.syncs]
            yield message_at(at, ("source",), registry.no_source(sync, assets, syncs))
        for position, name in enumerate(sync.after):
            if sync.object == "segment" and name == sync.require_profile:
                continue  # it is told below
            yield from self._no_sync(sync, at, ("after", position), name)
        if sync.require_profile is not None:
            yield from self._no_sync(sync, at, ("require_profile",), sync.require_profile)

    def _mistyped_upstream(self) -> Iterator[str]:
        """A name that is nearly that of an asset here; any other may be of another project."""
        assets = {key.to_user_string() for key in self.assets}
        for source, at in self.sources if self.complete else ():
            for place, name in enumerate(self.upstream.get(source, ())):
                others = sorted(assets - {source})
                hint = "" if name in assets else closest(name, others, likeness=0.8)
                if hint:
                    yield message_at(
                        at,
                        ("upstream", place),
                        f"no asset {name!r}{hint} If another project makes one of that very name, "
                        f"say so with `dg.AssetSpec({name!r})` in a file of Python in `defs`",
                    )

    def _no_sync(
        self, sync: Sync, at: Place, path: Sequence[str | int], name: str
    ) -> Iterator[str]:
        others = [other.name for other, _ in self.syncs if other.name != sync.name]
        if name not in others:
            hint = closest(name, others) or f"; there are: {', '.join(others) or 'none'}"
            yield message_at(at, path, f"no other sync {name!r}{hint}")

    def pickling(self, *, late: bool) -> Iterator[str]:
        """Mistakes for good, or those that an `io_manager` merged in `late` would mend."""
        pickled = {asset for asset, may_change in self.pickled.items() if may_change == late}
        for asset in sorted(pickled & {sync.source for sync, _ in self.syncs}):
            at = next(at for sync, at in self.syncs if sync.source == asset)
            yield message_at(
                at,
                ("source",),
                f"Dagster would pickle the rows of {asset!r} into a file that others can read, and "
                'never remove it. Write `io_manager_key="ct_staging"` in its `@dg.asset(...)`; if '
                "it writes a table itself, `-> dg.MaterializeResult` behind its arguments. Or give "
                "the project an `io_manager` of its own, such as in defs/resources.py",
            )

    def _circles(self) -> Iterator[str]:
        try:
            TopologicalSorter(self.assets).prepare()
        except CycleError as error:
            circle = [key.to_user_string() for key in error.args[1][:-1]]
            mistake = f"these wait for each other, and none can go first: {', '.join(circle)}"
            for sync, at in self.syncs:
                if f"{sync.name}/clevertap" in circle and sync.after:
                    yield message_at(at, ("after",), f"{mistake}. Take one of them out of `after`.")
                    return
            for source, at in self.sources:
                if source in circle:
                    yield message_at(
                        at, ("upstream",), f"{mistake}. Take one of them out of `upstream`."
                    )
                    return
            yield mistake


def _upstream(specs: Iterable[dg.AssetSpec]) -> Mapping[str, Sequence[str]]:
    return {
        spec.key.to_user_string(): registry.upstream_of_source(spec.metadata)
        for spec in specs
        if registry.SOURCE in spec.metadata
    }


def _specs(asset: object) -> Iterator[dg.AssetSpec]:
    if isinstance(asset, dg.AssetsDefinition):
        yield from asset.specs
    elif isinstance(asset, dg.SourceAsset):
        yield dg.AssetSpec(asset.key)
    elif isinstance(asset, dg.AssetSpec):
        yield asset
