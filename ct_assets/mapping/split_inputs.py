"""SplitInputs tells by digests whether a split would give again what the last one gave."""

import functools
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import polars as pl

from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.binder.bound_sync import BoundSync
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.kept.one_row import is_of_one_row

_LIBRARIES = ("polars", "duckdb", "phonenumbers")
_RULES = (".py", ".toml", ".json")
"""Files of this package that have code and tables, which decide what becomes of a row."""


def split_digest(sync: Sync, source: Path, schema: pl.Schema, *also: str) -> str:
    """A text that is another one when the rows of a split may be others.

    It covers the rows of `source`, the declaration, the rules, and `also`. A time in SQL, such as
    that of `now()`, is a part of it, so that with one no two splits are alike.

    Raises:
        SchemaError: As `bind` does, if the declaration has SQL.
    """
    parts = [*also, sync.model_dump_json(), *_phone_files(), program(), sha256(source)]
    digest = hashlib.sha256("\n".join(parts).encode())
    if sync.has_sql:
        for expression in bind(sync, schema).sql:
            digest.update(expression.meta.serialize())
    return digest.hexdigest()


def row_rules(bound: BoundSync, shapes: Mapping[str, pl.DataType]) -> str:
    """A text that is another one when a row of the source, as it is, may become another record.

    Empty where SQL of the declaration computes with several rows.
    """
    if not all(is_of_one_row(expression, bound.schema) for expression in bound.sql):
        return ""
    columns = (repr(bound.schema), repr(dict(shapes)))
    parts = [bound.sync.model_dump_json(), *columns, *_phone_files(), program()]
    digest = hashlib.sha256("\n".join(parts).encode())
    for expression in bound.sql:
        digest.update(expression.meta.serialize())
    return digest.hexdigest()


def program(*libraries: str) -> str:
    """A text that is another one with another version of this package or of a library."""
    versions = (f"{name} {importlib.metadata.version(name)}" for name in (*_LIBRARIES, *libraries))
    return "\n".join((*versions, _code()))


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@functools.cache
def _phone_files() -> tuple[str, ...]:
    """The files of the metadata of phone numbers, which a person may replace by themselves."""
    spec = importlib.util.find_spec("phonenumbers")
    folder = Path(str(spec.origin)).parent if spec else Path()
    stats = ((file.name, file.stat()) for file in sorted(folder.glob("data/*.py")))
    return tuple(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats)


@functools.cache
def _code() -> str:
    digest, folder = hashlib.sha256(), Path(str(resources.files("ct_assets")))
    for file in sorted(file for file in folder.rglob("*") if file.suffix in _RULES):
        digest.update(f"{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
