"""SqlKind and its like read the rows that a SELECT gives: `table`, `sql` and `sql_file`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ct_assets.sources import watermark
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.incremental.lower_bound import LowerBound
from ct_assets.sources.source_kind import Origin, SourceKind, SourceRows
from ct_assets.sql import name_sql


class SqlKind(SourceKind):
    """One SELECT in the declaration itself."""

    in_warehouse = True

    def tag(self, value: str) -> str:  # noqa: ARG002
        return "duckdb"

    def query(self, origin: Origin) -> str:
        return origin.value

    def label(self, value: str) -> str:  # noqa: ARG002
        """The name of the query in messages."""
        return "sql"

    def rows(self, origin: Origin, warehouse: Warehouse) -> SourceRows:
        query, label = self.query(origin), f"{origin.asset} ({self.label(origin.value)})"
        if origin.database is not None:
            return ConnectionRows(
                origin.database, query, label, warehouse.waiting, table=self.table(origin)
            )
        return QueryRows(warehouse, query, label, table=self.table(origin))

    def table(self, origin: Origin) -> str | None:  # noqa: ARG002
        """The table whose rows they are."""
        return None


class TableKind(SqlKind):
    """A table or view; its schema before a dot."""

    def query(self, origin: Origin) -> str:
        if origin.database is not None:
            return origin.database.table_query(origin.value)
        return "from " + ".".join(name_sql(part) for part in origin.value.split("."))

    def label(self, value: str) -> str:
        return value

    def table(self, origin: Origin) -> str | None:
        return origin.value


class SqlFileKind(SqlKind):
    """A file with one SELECT, beside the declaration."""

    def query(self, origin: Origin) -> str:
        return (origin.folder / origin.value).read_text("utf-8")

    def label(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class QueryRows(SourceRows):
    warehouse: Warehouse
    query: str
    label: str

    bound: LowerBound | None = None
    table: str | None = None

    def primary_key(self) -> Sequence[str]:
        return self.warehouse.primary_key(self.table.split(".")) if self.table else ()

    def snapshot(self, into: Path) -> Mapping[str, str]:
        self.warehouse.snapshot(self.query, into, label=self.label, since=self.bound)
        return {}

    def since(self, bound: LowerBound) -> "QueryRows":
        return replace(self, bound=bound)

    def written(self) -> str:
        return watermark.written(self.warehouse.files())

    def largest(self, column: str, wanted_by: str = "watermark") -> str:
        return self.warehouse.largest(self.query, column, label=self.label, wanted_by=wanted_by)

    def count(self, beyond: tuple[str, str] | None) -> int:
        return self.warehouse.count(self.query, beyond, label=self.label)
