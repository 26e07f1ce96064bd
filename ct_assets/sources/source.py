"""What a source declares, and how its rows become a snapshot; needs no Dagster."""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from ct_assets.errors import UserError
from ct_assets.mapping.declaration.catalog_names import Name, Owners, Tags
from ct_assets.mapping.declaration.problems import (
    DeclarationError,
    Problem,
    mistake,
    problem_of,
    unknown_key,
)
from ct_assets.snapshot_meta import SnapshotMeta, SourceMeta
from ct_assets.sources import file_snapshot, formats, watermark
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.staging import Draft, Snapshot

KINDS = ("file", "table", "sql", "sql_file")
HINTS = {"asset": "Write `asset: <group>/<name>`, the name that syncs give as their `source`."}


class Source(BaseModel):
    """A table, a file or a query; read as it is when the asset is materialized."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asset: str = Field(description="The asset's key, such as `chinook/customer`.")
    file: str | None = Field(
        None, description="CSV or Parquet, from the project's root; `*` for many alike."
    )
    table: str | None = Field(None, description="A table or view of the warehouse.")
    sql: str | None = Field(None, description="One SELECT, run in the warehouse.")
    sql_file: str | None = Field(None, description="A file with one SELECT, beside this one.")
    types: dict[str, file_snapshot.ColumnType] = Field(
        default={}, description="Types of CSV columns; a column without one is text."
    )
    upstream: list[str] = Field(
        default=[],
        description="Assets, of this project or another, that make these rows; it follows them.",
    )
    database: str | None = Field(
        None, description="A DuckDB file, from the project's root, in place of the warehouse."
    )
    watermark: str | None = Field(
        None,
        description="A column that grows with every change, such as updated_at. "
        "Left out: the time when the file, or the warehouse, was last written.",
    )
    watermark_sql: str | None = Field(
        None, description="One SELECT of one value that is another one after every change."
    )
    description: str = Field("", description="What a row is, for the catalog.")
    owners: Owners = Field((), description="`team:growth`, or addresses.")
    tags: Tags = Field(default={})
    group: Name | None = Field(None, description="Left out: the first part of the key.")

    @field_validator("asset")
    @classmethod
    def _plain_key(cls, key: str) -> str:
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", key, re.ASCII):
            raise mistake(
                f"{key!r} is no key of an asset. Write plain names with / between them, such as "
                "chinook/customer."
            )
        return key

    @property
    def key(self) -> Sequence[str]:
        return self.asset.split("/")

    @property
    def grouped(self) -> str:
        return self.group or re.sub(r"\W", "_", self.key[0])

    @property
    def kind(self) -> str:
        if self.file is None:
            return "duckdb"
        return "parquet" if self.file.endswith((".parquet", ".pq")) else "csv"


def parse(raw: Mapping[str, Any]) -> Source:
    """The declaration `raw`, or a `DeclarationError` with all its problems."""
    name = f"source {raw.get('asset', '')}".strip()
    try:
        source = Source.model_validate(raw)
    except ValidationError as error:
        raise DeclarationError(name, [_problem(e, raw) for e in error.errors()]) from None
    problems = list(_problems(source))
    if problems:
        raise DeclarationError(name, problems)
    return source


@dataclass(frozen=True)
class DeclaredSource:
    source: Source
    root: Path
    """Where relative files start."""
    folder: Path
    """Where the declaration stands, and its `sql_file` beside it."""

    @property
    def called(self) -> str:
        of = self.source
        return f"{of.asset} ({of.sql_file or of.table or 'sql'})"

    @property
    def query(self) -> str:
        """The SELECT of a source that is not a file."""
        of = self.source
        if of.table is not None:
            parts = (part.replace('"', '""') for part in of.table.split("."))
            return "from " + ".".join(f'"{part}"' for part in parts)
        if of.sql_file is not None:
            return (self.folder / of.sql_file).read_text("utf-8")
        return of.sql or ""

    @property
    def code_version(self) -> str:
        read = f"{self.source.model_dump_json()}\n{self.query}"
        return hashlib.blake2b(read.encode(), digest_size=8).hexdigest()

    def snapshot(self, draft: Draft, warehouse: Warehouse) -> None:
        """Write the rows as they are now to `draft`."""
        with self._named():
            if self.source.file is None:
                draft.meta = self._meta(warehouse)
                self._of(warehouse).snapshot(self.query, draft.path, called=self.called)
            else:
                files = self._files()
                watermark.at_rest(files, lambda: self._read(files, draft, warehouse))

    def _read(self, files: Sequence[Path], draft: Draft, warehouse: Warehouse) -> None:
        draft.meta = self._meta(warehouse)
        file_snapshot.snapshot(files, draft.path, types=self.source.types)

    def _meta(self, warehouse: Warehouse) -> SnapshotMeta:
        return SnapshotMeta(source=SourceMeta(state=self._state(warehouse), code=self.code_version))

    def state(self, warehouse: Warehouse) -> str:
        """A text that is another one when the rows have changed."""
        with self._named():
            return self._state(warehouse)

    def _state(self, warehouse: Warehouse) -> str:
        of, database = self.source, self._of(warehouse)
        if of.watermark_sql is not None:
            return database.value(of.watermark_sql, called=f"{of.asset} (watermark_sql)")
        if of.watermark is None:
            return watermark.written(self._files() if of.file is not None else database.files())
        if of.file is not None:
            return watermark.largest(self._files(), of.watermark, types=of.types)
        return database.value(self.query, largest=of.watermark, called=self.called)

    def changed_rows(self, since: Snapshot, warehouse: Warehouse) -> int:
        """Rows beyond a snapshot's watermark; without one, how many there are more or fewer."""
        of = self.source
        before = since.scan().select(pl.len()).collect().item()
        known = since.meta.source.state if since.meta.source else watermark.NOTHING
        beyond = (of.watermark, known) if of.watermark and known != watermark.NOTHING else None
        with self._named():
            if of.file is not None:
                found = watermark.count(self._files(), beyond, types=of.types)
            else:
                found = self._of(warehouse).count(self.query, beyond, called=self.called)
        return found if beyond else abs(found - before)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Every error says which declaration wants what is not there."""
        try:
            yield
        except UserError as error:
            if self.source.asset in str(error):
                raise
            raise type(error)(f"{self.source.asset}: {error}") from None

    def _files(self) -> list[Path]:
        return file_snapshot.matching(self.source.file or "", self.root)

    def _of(self, warehouse: Warehouse) -> Warehouse:
        if self.source.database is None:
            return warehouse
        return replace(warehouse, database=self.root / self.source.database, seed=None)


def _problems(source: Source) -> Iterator[Problem]:
    given = [kind for kind in KINDS if getattr(source, kind) is not None]
    if not given:
        yield Problem((), f"says not where the rows come from. Write one of {', '.join(KINDS)}.")
    if len(given) > 1:
        yield Problem((given[-1],), f"{' and '.join(given)} are given. Keep one of them.")
    for kind in given:
        if not getattr(source, kind).strip():
            yield Problem((kind,), "is empty. Write where the rows come from.")
    if source.file and not formats.readable(source.file):
        yield Problem(("file",), f"{source.file!r} is neither CSV nor Parquet. {formats.READABLE}")
    if source.database is not None and source.file is not None:
        yield Problem(("database",), "is for table, sql and sql_file, not for a file.")
    if source.types and source.file is None:
        yield Problem(("types",), "is for files. In a query, write `cast(... as ...)`.")
    if source.watermark is not None and source.watermark_sql is not None:
        yield Problem(("watermark_sql",), "is given beside watermark. Keep one of them.")
    if source.asset in source.upstream:
        yield Problem(("upstream",), "names the source itself. Name the assets that make its rows.")


def _problem(error: ErrorDetails, raw: Mapping[str, object]) -> Problem:
    if error["type"] == "extra_forbidden":
        path = error["loc"]
        return Problem(path, unknown_key(str(path[-1]), list(Source.model_fields)))
    return problem_of(error, raw, HINTS)
