"""DeclaredSource reads the rows of a declaration, whose relative paths start where it stands."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from ct_assets.errors import UserError, closest
from ct_assets.snapshot_meta import IncrementalMeta, SnapshotMeta, SourceMeta
from ct_assets.sources import read_again, watermark
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.database import Database
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.connections.named_table import NamedTable, Place
from ct_assets.sources.connections.warehouses.duckdb_file import DuckdbFile
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.incremental.merged_rows import MergedRows
from ct_assets.sources.read_again import ToldOf
from ct_assets.sources.source import CSV_SETTINGS, Source
from ct_assets.sources.source_kind import Origin, SourceRows
from ct_assets.staging import Draft, Snapshot

_ICEBERG = ("iceberg", "catalog")


@dataclass(frozen=True)
class DeclaredSource:
    source: Source
    root: Path
    """Where relative files start."""
    folder: Path
    """Where the declaration stands, and its `sql_file` beside it."""
    connections: Mapping[str, DeclaredConnection] = field(default_factory=dict)
    """Those of the project, by their names."""
    table: NamedTable | None = None
    """That of an asset of others, in place of what the declaration says."""

    @property
    def place(self) -> str:
        """The file or the table; empty of a query, which may be edited and mean the same rows."""
        source = self.source
        where = source.database or source.connection
        if source.table and where:
            return f"{source.table} in {where}"
        return source.file or source.delta or self._iceberg or source.table or ""

    @property
    def _iceberg(self) -> str | None:
        named = f"{self.source.iceberg} in {self.source.catalog}"
        return named if self.source.catalog else self.source.iceberg

    @property
    def code_version(self) -> str:
        query = self.source.kind.query(self._origin())
        since = {
            name
            for name in (*CSV_SETTINGS, "connection", "incremental", "delta", "format", *_ICEBERG)
            if name not in self.source.model_fields_set
        }
        read = f"{self.source.model_dump_json(exclude=since)}\n{query}"
        return hashlib.blake2b(read.encode(), digest_size=8).hexdigest()

    def connected(self, connections: Mapping[str, DeclaredConnection]) -> "DeclaredSource":
        """The same source with the connections of the project."""
        return replace(self, connections=connections)

    def rows(self, warehouse: Warehouse) -> SourceRows:
        """The rows where they are; those of SQL are in `warehouse` if no `database` is named."""
        place = self._place(warehouse)
        origin = self._origin()
        if self.table is not None:
            origin = replace(origin, value=self.table.name_in(place))
        if isinstance(place, Database):
            return self.source.kind.rows(replace(origin, database=place), warehouse)
        return self.source.kind.rows(origin, place)

    def snapshot(
        self, draft: Draft, warehouse: Warehouse, before: Snapshot | None = None
    ) -> Mapping[str, str]:
        """Write the rows as they are now to `draft`.

        Gives the columns that cannot be read and are left out, with the reason of each. The rows
        of the snapshot `before` are taken over if its files and all else that decides them are as
        they were. With `incremental`, those that did not change are taken from there, if it is of
        this declaration.
        """
        with self._named():
            told = ToldOf(warehouse.waiting)
            rows = self.rows(replace(warehouse, waiting=told))
            inputs = self._inputs(rows)
            if known := read_again.taken_over(before, inputs, draft):
                draft.meta = SnapshotMeta(source=known)
                warehouse.waiting(f"{self.source.asset}: nothing has changed since it was read")
                return known.left_out

            def read() -> None:
                state = self._state(rows, warehouse)
                left_out, incremental = self._read(rows, draft.path, before, warehouse)
                code = self.code_version
                source = SourceMeta(
                    state=state, code=code, left_out=left_out, incremental=incremental
                )
                draft.meta = SnapshotMeta(source=source)

            rows.at_rest(read, draft.folder)
            if inputs == self._inputs(rows) and not told.anything:
                draft.meta = read_again.may_be_taken_over(draft, inputs)
        return draft.meta.source.left_out if draft.meta.source else {}

    def _inputs(self, rows: SourceRows) -> str:
        """The digest of all that decides the rows; empty where that cannot be told."""
        if self.source.incremental or self.source.watermark_sql:
            return ""
        return read_again.inputs(rows.stamp(), self.code_version)

    def _read(
        self, rows: SourceRows, into: Path, before: Snapshot | None, warehouse: Warehouse
    ) -> tuple[Mapping[str, str], IncrementalMeta | None]:
        spec = self.source.incremental
        if spec is None:
            return rows.snapshot(into), None
        source = before.meta.source if before else None
        same = before if source and source.code == self.code_version else None
        return MergedRows(rows, spec, self.source.asset, same, warehouse.waiting).snapshot(into)

    def state(self, warehouse: Warehouse) -> str:
        """A text that is another one when the rows have changed.

        Raises:
            UserError: Nothing tells that, or it cannot be looked at.
        """
        source = self.source
        with self._named():
            place = self._place(warehouse)
            if isinstance(place, Database) and not (self._watermark or source.watermark_sql):
                raise UserError(
                    f"nothing tells when {place.name} has other rows; write `watermark: "
                    "updated_at`, or `watermark_sql: select ...`, into the source"
                )
            return self._state(self.rows(warehouse), warehouse)

    def _state(self, rows: SourceRows, warehouse: Warehouse) -> str:
        source = self.source
        if source.watermark_sql is not None:
            label = f"{source.asset} (watermark_sql)"
            place = self._place(warehouse)
            if isinstance(place, Database):
                return ConnectionRows(place, source.watermark_sql, label).value()
            return place.value(source.watermark_sql, label=label)
        if self._watermark is None:
            return rows.written()
        return rows.largest(
            self._watermark, "watermark" if source.watermark else "incremental.column"
        )

    @property
    def _watermark(self) -> str | None:
        incremental = self.source.incremental
        return self.source.watermark or (incremental.column if incremental else None)

    def changed_rows(self, since: Snapshot, warehouse: Warehouse) -> int:
        """Rows beyond a snapshot's watermark; without one, how many there are more or fewer."""
        column = self._watermark
        state = since.meta.source.state if since.meta.source else watermark.NOTHING
        beyond = (column, state) if column and state != watermark.NOTHING else None
        with self._named():
            count = self.rows(warehouse).count(beyond)
        if beyond:
            return count
        return abs(count - int(since.scan().select(pl.len()).collect().item()))

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Every error says which declaration wants what is not there."""
        try:
            yield
        except UserError as error:
            if self.source.asset in str(error):
                raise
            raise type(error)(f"{self.source.asset}: {error}") from None

    def _origin(self) -> Origin:
        source = self.source
        return Origin(
            asset=source.asset,
            value=source.value,
            types=source.types,
            csv=source.csv,
            format=source.format,
            catalog=source.catalog,
            root=self.root,
            folder=self.folder,
        )

    def _place(self, warehouse: Warehouse) -> Place:
        """The database of its SQL, which files do without."""
        if self.table is not None:
            place = self.table.place(self.connections, warehouse)
        elif self.source.connection is not None:
            place = self._connected(self.source.connection)
        elif self.source.database is not None:
            return replace(warehouse, database=self.root / self.source.database, seed=None)
        else:
            return warehouse
        return place.within(warehouse) if isinstance(place, DuckdbFile) else place

    def _connected(self, name: str) -> Database:
        if name not in self.connections:
            known = sorted(self.connections)
            hint = closest(name, known) or f"; there are: {', '.join(known) or 'none'}"
            raise UserError(f"no connection {name!r}{hint}")
        return self.connections[name].database()
