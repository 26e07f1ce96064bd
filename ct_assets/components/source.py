"""What a source declares, and how its rows become a snapshot; needs no Dagster."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from ct_assets.io_managers import tables
from ct_assets.io_managers.staging import Draft, Snapshot
from ct_assets.io_managers.warehouse import Warehouse
from ct_assets.mapping.problems import DeclarationError, Problem, problem_of, unknown_key

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
    types: dict[str, tables.ColumnType] = Field(
        default={}, description="Types of CSV columns; a column without one is text."
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
    owners: list[str] = Field(default=[], description="`team:growth`, or addresses.")
    tags: dict[str, str] = Field(default={})
    group: str | None = Field(None, description="Left out: the first part of the key.")

    @property
    def key(self) -> Sequence[str]:
        return self.asset.split("/")

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


def query(source: Source, folder: Path) -> str | None:
    """The SELECT of a source that is not a file; `folder` is where its declaration stands."""
    if source.table is not None:
        schema_and_table = (f'"{part}"' for part in source.table.split("."))
        return f"from {'.'.join(schema_and_table)}"
    if source.sql_file is not None:
        return (folder / source.sql_file).read_text()
    return source.sql


def code_version(source: Source, folder: Path) -> str:
    read = f"{source.model_dump_json()}\n{query(source, folder)}"
    return hashlib.blake2b(read.encode(), digest_size=8).hexdigest()


def snapshot(
    source: Source, draft: Draft, *, root: Path, folder: Path, warehouse: Warehouse
) -> None:
    """Write the rows as they are now to `draft`; relative files start at `root`."""
    draft.meta["state"] = state(source, root=root, folder=folder, warehouse=warehouse)
    if source.file is not None:
        tables.snapshot(tables.matching(source.file, root), draft.path, types=source.types)
    else:
        warehouse.snapshot(query(source, folder) or "", draft.path, called=_called(source))


def state(source: Source, *, root: Path, folder: Path, warehouse: Warehouse) -> str:
    """A text that is another one when the rows have changed."""
    if source.watermark_sql is not None:
        return warehouse.value(source.watermark_sql, called=f"{source.asset} (watermark_sql)")
    files = [warehouse.database] if source.file is None else tables.matching(source.file, root)
    if source.watermark is None:
        return repr([(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.exists()])
    if source.file is not None:
        return tables.largest(files, source.watermark, types=source.types)
    newest = query(source, folder) or ""
    return warehouse.value(newest, largest=source.watermark, called=_called(source))


def changed_rows(
    source: Source, since: Snapshot, *, root: Path, folder: Path, warehouse: Warehouse
) -> int:
    """Rows beyond the watermark of a snapshot; without one, how many there are more or fewer."""
    before = since.scan().select(pl.len()).collect().item()
    beyond = (source.watermark, since.meta["state"]) if source.watermark else None
    if source.file is not None:
        files = tables.matching(source.file, root)
        found = tables.count(files, beyond, types=source.types)
    else:
        found = warehouse.count(query(source, folder) or "", beyond, called=_called(source))
    return found if beyond else abs(found - before)


def _called(source: Source) -> str:
    return f"{source.asset} ({source.sql_file or source.table or 'sql'})"


def _problems(source: Source) -> Iterator[Problem]:
    given = [kind for kind in KINDS if getattr(source, kind) is not None]
    if not given:
        yield Problem((), f"says not where the rows come from. Write one of {', '.join(KINDS)}.")
    if len(given) > 1:
        yield Problem((given[-1],), f"{' and '.join(given)} are given. Keep one of them.")
    if source.types and source.file is None:
        yield Problem(("types",), "is for files. In a query, write `cast(... as ...)`.")


def _problem(error: ErrorDetails, raw: Mapping[str, object]) -> Problem:
    if error["type"] == "extra_forbidden":
        path = error["loc"]
        return Problem(path, unknown_key(str(path[-1]), list(Source.model_fields)))
    return problem_of(error, raw, HINTS)
