"""Source is the declaration of a source: which rows an asset has, and when they have changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from ct_assets.documented_model import DocumentedModel
from ct_assets.mapping.convert.column_types import ColumnType
from ct_assets.mapping.declaration.problems import (
    DeclarationError,
    Problem,
    mistake,
    problem_of,
    unknown_key,
)
from ct_assets.mapping.declaration.rules.catalog_names import Name, Owners, Tags
from ct_assets.sources import formats
from ct_assets.sources.file_kind import FileKind
from ct_assets.sources.incremental.incremental_spec import IncrementalSpec
from ct_assets.sources.lake_tables.delta_kind import DeltaKind
from ct_assets.sources.lake_tables.iceberg_kind import IcebergKind
from ct_assets.sources.query_kinds import SqlFileKind, SqlKind, TableKind
from ct_assets.sources.source_kind import SourceKind

HINTS = {"asset": "Write `asset: <group>/<name>`, the name that syncs give as their `source`."}
_FILES = f"{formats.NAMES}, from the project's root; `*` for many alike."


class Source(DocumentedModel):
    """A table, a file or a query; read as it is when the asset is materialized."""

    asset: str
    """The asset's key, such as `chinook/customer`."""
    file: Annotated[str | None, FileKind()] = Field(None, description=_FILES)
    table: Annotated[str | None, TableKind()] = None
    """A table or view of the warehouse."""
    sql: Annotated[str | None, SqlKind()] = None
    """One SELECT, run in the warehouse."""
    sql_file: Annotated[str | None, SqlFileKind()] = None
    """A file with one SELECT, beside this one."""
    delta: Annotated[str | None, DeltaKind()] = None
    """The folder of a Delta table: from the project's root, or s3://, gs:// or az://."""
    iceberg: Annotated[str | None, IcebergKind()] = None
    """The folder of an Iceberg table, or its name in a `catalog`."""
    catalog: str | None = None
    """A catalog of Iceberg that PyIceberg knows, from `.pyiceberg.yaml` or the environment."""
    types: dict[str, ColumnType] = {}  # noqa: RUF012 -- pydantic copies it
    """Types of columns of files; a column of a CSV file without one is text."""
    format: Literal["csv", "ndjson", "parquet"] | None = None
    """Of files whose names do not tell it, such as `part-00000`."""
    encoding: str | None = None
    """Of a CSV file, such as windows-1252. Left out: utf-8."""
    separator: str | None = None
    """Between the values of a CSV file: one character, or tab. Left out: the header tells it."""
    quote: str | None = None
    """Around values of a CSV file; none where a quote is a character like others."""
    escape: str | None = None
    """The character before a quote inside a value. Left out: such quotes are doubled."""
    nulls: list[str] = []  # noqa: RUF012 -- pydantic copies it
    r"""Values of a CSV file that stand for none, such as `\N`. One with nothing between its
    separators always does; an empty text in quotes (`""`) does with `nulls: ['']`."""
    skip: Annotated[int, Field(strict=True, ge=0)] = 0
    """Lines of a CSV file before its header."""
    upstream: list[str] = []  # noqa: RUF012 -- pydantic copies it
    """Assets, of this project or another, that make these rows; it follows them."""
    database: str | None = None
    """A DuckDB file, from the project's root, in place of the warehouse."""
    connection: str | None = None
    """The name of a `Connection`, in place of the warehouse."""
    watermark: str | None = None
    """A column that grows with every change, such as updated_at.

    Left out: the time when the file, or the warehouse, was last written.
    """
    watermark_sql: str | None = None
    """One SELECT of one value that is another one after every change."""
    incremental: IncrementalSpec | None = None
    """Of SQL: a run reads the rows that changed, and keeps the others as it read them before."""
    description: str = ""
    """The meaning of a row, for the catalog."""
    owners: Owners = ()
    """`team:growth`, or addresses."""
    tags: Tags = {}  # noqa: RUF012 -- pydantic copies it
    group: Name | None = None
    """Left out: the first part of the key."""

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
    def kind(self) -> SourceKind:
        return KINDS[self._given()[0]]

    @property
    def csv(self) -> formats.CsvSettings:
        return formats.CsvSettings(
            encoding=self.encoding,
            separator=self.separator,
            quote=self.quote,
            escape=self.escape,
            nulls=tuple(self.nulls),
            skip=self.skip,
        )

    @property
    def value(self) -> str:
        """The value of the kind's setting: a path, the name of a table, a query."""
        return str(getattr(self, self._given()[0]))

    @property
    def tag(self) -> str:
        """The kind that Dagster's catalog shows, such as `csv`."""
        return "sql" if self.connection else self.kind.tag(f"{self.value}{self._suffix}")

    @property
    def _suffix(self) -> str:
        """The end of names that tells the declared format."""
        return f".{self.format}" if self.format and self.file else ""

    def _given(self) -> list[str]:
        return [name for name in KINDS if getattr(self, name) is not None]

    def problems(self) -> Iterator[Problem]:
        """Mistakes between settings, or in the value of one."""
        given, every = self._given(), ", ".join(KINDS)
        if not given:
            yield Problem((), f"says not where the rows come from. Write one of {every}.")
        if len(given) > 1:
            yield Problem((given[-1],), f"{' and '.join(given)} are given. Keep one of them.")
        yield from self._problems_of_place(given)
        yield from self._problems_of_others(given)
        yield from self._problems_of_csv()
        if self.watermark is not None and self.watermark_sql is not None:
            yield Problem(("watermark_sql",), "is given beside watermark. Keep one of them.")
        if self.asset in self.upstream:
            own = "names the source itself. Name the assets that make its rows."
            yield Problem(("upstream",), own)

    def _problems_of_place(self, given: Sequence[str]) -> Iterator[Problem]:
        """Mistakes in what says where the rows come from."""
        for name in given:
            value = getattr(self, name)
            if not value.strip():
                yield Problem((name,), "is empty. Write where the rows come from.")
            elif wrong := KINDS[name].problem(f"{value}{self._suffix}"):
                yield Problem((name,), wrong)

    def _problems_of_others(self, given: Sequence[str]) -> Iterator[Problem]:
        """Settings that are not for rows from there."""
        in_warehouse = [KINDS[name].in_warehouse for name in given]
        for name in ("database", "connection"):
            if getattr(self, name) is not None and False in in_warehouse:
                yield Problem((name,), "is for table, sql and sql_file, not for a file.")
        if self.database is not None and self.connection is not None:
            yield Problem(("connection",), "is given beside database. Keep one of them.")
        if self.types and (self.delta is not None or self.iceberg is not None):
            kind = "A Delta table" if self.delta is not None else "An Iceberg table"
            yield Problem(("types",), f"is for files. {kind} has types of its own.")
        elif self.types and False not in in_warehouse:
            yield Problem(("types",), "is for files. In a query, write `cast(... as ...)`.")
        if self.incremental is not None and False in in_warehouse:
            yield Problem(("incremental",), "is for table, sql and sql_file, not for a file.")
        elif self.incremental is not None and self.incremental.key is None and not self.table:
            key = "`key` is missing. Write the columns that make a row unique, as in `key: id`."
            yield Problem(("incremental",), key)
        if self.catalog is not None and self.iceberg is None:
            yield Problem(("catalog",), "is for iceberg. Leave it out.")
        if self.format is not None and self.file is None:
            yield Problem(("format",), "is for files. Leave it out.")

    def _problems_of_csv(self) -> Iterator[Problem]:
        declared = [name for name in CSV_SETTINGS if name in self.model_fields_set]
        form = formats.format_named(f"{self.file}{self._suffix}") if self.file else None
        if self.file is None or (form is not None and form.name != formats.CSV):
            for name in declared:
                yield Problem((name,), "is for CSV files. Leave it out.")
            return
        for name, wrong in self.csv.problems():
            yield Problem((name,), wrong)


CSV_SETTINGS = tuple(setting.name for setting in fields(formats.CsvSettings))
"""Settings that only CSV files have."""

KINDS: Mapping[str, SourceKind] = {
    name: kind
    for name, setting in Source.model_fields.items()
    for kind in setting.metadata
    if isinstance(kind, SourceKind)
}
"""The settings that say where the rows come from, with the kind of each."""


def parse(raw: Mapping[str, Any]) -> Source:
    """The declaration `raw`.

    Raises:
        DeclarationError: It has mistakes; all of them are told.
    """
    name = f"source {raw.get('asset', '')}".strip()
    try:
        source = Source.model_validate(raw)
    except ValidationError as error:
        raise DeclarationError(name, [_problem(e, raw) for e in error.errors()]) from None
    if problems := list(source.problems()):
        raise DeclarationError(name, problems)
    return source


def _problem(error: ErrorDetails, raw: Mapping[str, object]) -> Problem:
    if error["type"] == "extra_forbidden":
        path = error["loc"]
        model = IncrementalSpec if "incremental" in path[:-1] else Source
        return Problem(path, unknown_key(str(path[-1]), list(model.model_fields)))
    return problem_of(error, raw, HINTS)
