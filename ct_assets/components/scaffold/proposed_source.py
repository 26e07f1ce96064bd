"""Finds the source of a new sync, and reads its columns as far as it can."""

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ct_assets.components.project.locations import COMPONENTS, component_of
from ct_assets.components.project.template_values import filled_url
from ct_assets.components.project.yaml_documents import READ, documents_known
from ct_assets.errors import UserError, closest
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.settings import data_dir
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.connections.connection_spec import parse as parse_connection
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse as parse_source
from ct_assets.staging import NotStagedError, Staging


@dataclass(frozen=True)
class ProposedSource:
    """The source of a new sync; without a schema if it could not be read, which the note says."""

    asset: str
    schema: Mapping[str, pl.DataType]
    note: str


def propose_source(name: str, wanted: str | None, target: Path, root: Path) -> ProposedSource:
    """The source `wanted`, or one of the project at `root` for the sync `name` at `target`."""
    declared = dict(_declared(_defs(target), root))
    asset = wanted or _nearest(name, list(declared)) or f"source/{name}"
    others = [key for key in declared if key != asset]
    chosen = f"\nOther sources: {', '.join(others)}" if others and not wanted else ""
    try:
        schema = _schema(asset, declared.get(asset))
    except NotStagedError:
        how = f"dg scaffold defs {COMPONENTS[1]} {plain(asset)} --asset {asset} --file ..."
        return ProposedSource(
            asset, {}, f"No rows of {asset} are known yet. Declare it with\n  {how}"
        )
    except (UserError, OSError) as error:
        return ProposedSource(asset, {}, f"The source could not be read: {error}{chosen}")
    note = f"Proposed from the columns of {asset}; look with `ct-assets preview {name}`."
    return ProposedSource(asset, schema, note + chosen)


def plain(name: str) -> str:
    """A name that a sync may have."""
    kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return kept if kept[:1].isalpha() else f"sync_{kept}"


def _schema(asset: str, declared: DeclaredSource | None) -> Mapping[str, pl.DataType]:
    if declared is None:
        staged = ParquetStaging().staging().current(asset.split("/"))
        return staged.scan().collect_schema()
    warehouse = Warehouse(data_dir() / "warehouse.duckdb")
    with (
        tempfile.TemporaryDirectory() as folder,
        Staging(Path(folder)).draft(("source",)) as draft,
    ):
        declared.snapshot(draft, warehouse)
        return draft.scan().collect_schema()


def _declared(defs: Path, root: Path) -> Iterator[tuple[str, DeclaredSource]]:
    connections = dict(_connections(defs))
    for folder, attributes in _documents(defs, "SourceTable"):
        with contextlib.suppress(UserError):  # loading the project tells it
            source = parse_source(attributes)
            yield source.asset, DeclaredSource(source, root, folder, connections)


def _connections(defs: Path) -> Iterator[tuple[str, DeclaredConnection]]:
    for _, attributes in _documents(defs, "Connection"):
        with contextlib.suppress(UserError):
            spec = parse_connection(attributes)
            yield spec.name, DeclaredConnection(spec, functools.partial(_url, spec))


def _url(spec: ConnectionSpec) -> str:
    if spec.resource is not None:
        raise UserError(f"the resource {spec.resource!r} is known only where the project is loaded")
    return filled_url(spec.url or "", {"env": os.environ})


def _documents(defs: Path, component: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Declarations of a project, without loading it: another one may be half done."""
    for file in sorted(file for name in READ for file in defs.rglob(name)):
        for document in (lines.value() for lines in documents_known(file)):
            attributes = document.get("attributes") if isinstance(document, dict) else None
            if component_of(document) == component and isinstance(attributes, dict):
                yield file.parent, attributes


def _defs(target: Path) -> Path:
    return next((folder for folder in target.parents if folder.name == "defs"), target.parent)


def _nearest(name: str, assets: list[str]) -> str | None:
    """The source whose name is like that of the sync, or else the first."""
    like = [asset for asset in assets if closest(name, [asset.split("/")[-1]])]
    return next(iter([*like, *assets]), None)
