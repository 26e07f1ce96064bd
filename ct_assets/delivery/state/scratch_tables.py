"""Scratch tables hold the steps of a plan and of a settlement, each with stated columns.

They lie in the database `work`, beside the state, and are gone when the operation ends. In an
f-string a table is its name in SQL, so that no statement spells one by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from ct_assets.sql import name_sql


@dataclass(frozen=True)
class ScratchTable:
    name: str
    columns: Mapping[str, str]
    """DuckDB types by name."""

    def __str__(self) -> str:
        return f"work.{self.name}"

    def typed(self, query: str) -> str:
        """The rows of a query, in the columns of the table; other columns of it are left out."""
        names = {name_sql(name): type_ for name, type_ in self.columns.items()}
        selected = (f"{name}::{type_} as {name}" for name, type_ in names.items())
        return f"select {', '.join(selected)} from ({query})"  # noqa: S608 -- a query of ours

    def create(
        self,
        connection: duckdb.DuckDBPyConnection,
        query: str | None = None,
        *,
        order: str = "",
        empty: Collection[str] = (),
    ) -> None:
        """Makes the table anew, with the rows of `query`, or with none.

        `empty` names columns that are null in all rows: they take no room, and the rest can only
        be read.
        """
        if query is not None and empty:
            self._filled(empty).create(connection, query, order=order)
            nulls = ", ".join(f"null as {name_sql(name)}" for name in empty)
            rows = f"select *, {nulls} from {self._filled(empty)}"  # noqa: S608 -- names of ours
            self.create_view(connection, rows)
            return
        self._drop(connection, "view")
        if query is None:
            connection.execute(f"create or replace table {self} ({self._declared()})")
        else:
            connection.execute(f"create or replace table {self} as {self.typed(query)} {order}")

    def create_view(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        """The same as a view, for rows that are not to be copied."""
        self._drop(connection, "table")
        connection.execute(f"create or replace view {self} as {self.typed(query)}")

    def create_if_missing(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"create table if not exists {self} ({self._declared()})")

    def _filled(self, empty: Collection[str]) -> "ScratchTable":
        columns = {name: type_ for name, type_ in self.columns.items() if name not in empty}
        return ScratchTable(f"{self.name}_filled", columns)

    def _drop(self, connection: duckdb.DuckDBPyConnection, form: str) -> None:
        """Makes room for a view where a table was, or the other way round."""
        named = f"where database_name = 'work' and {form}_name = $1"
        found = connection.execute(f"select 1 from duckdb_{form}s() {named}", [self.name])  # noqa: S608 -- constants
        if found.fetchone():
            connection.execute(f"drop {form} {self}")

    def _declared(self) -> str:
        return ", ".join(f"{name_sql(name)} {type_}" for name, type_ in self.columns.items())


# Of the plan: every valid row, and what becomes of it.

VALID = ScratchTable(
    "valid",
    {
        "row": "bigint",  # place in the snapshot, from 0
        "key": "varchar",
        "kind": "varchar",  # of the key: an identifier's, or `event`
        "lane_kind": "varchar",
        "lane_identity": "varchar",  # the person's, with its kind
        "also": "varchar[]",  # the person's further identifiers, as `kind:value`
        "ts": "bigint",  # seconds since 1970
        "record": "varchar",  # JSON
        "clear": "varchar[]",  # fields to be cleared
        "present": "ubigint[]",  # a bit for each field that is not null: see field_bitmap
    },
)
DIFF = ScratchTable(
    "diff",
    {
        "row": "bigint",
        "fate": "varchar",  # new, changed, unchanged, or the reason for which it is held
        "ts": "bigint",
        "bytes": "bigint",  # of the record
        "lane_hash": "ubigint",  # of the person, of events only
        "replaces": "varchar[]",  # keys under which the person was sent before, as `kind:key`
        "fingerprint": "ubigint",
        "fields": "ubigint[]",  # those that CleverTap holds before this delivery
        "leave": "varchar[]",  # fields that stay out of the record: see existence
        "also": "ubigint[]",  # hashes of further identifiers, old and new
    },
)
SUPPRESSED_DIGESTS = ScratchTable("suppressed_digests", {"digest": "varchar"})
SUPPRESSED_ROWS = ScratchTable("suppressed_rows", {"row": "bigint"})
ACQUAINTED = ScratchTable(  # rows of people whom CleverTap has
    "acquainted", {"row": "bigint"}
)
ABSENT_KEYS = ScratchTable(  # of `synced`, which no row has today
    "absent_keys", {"name": "varchar", "fields": "ubigint[]", "also": "ubigint[]"}
)
EARLIER_KEYS = ScratchTable(  # absent keys of persons that have a row today
    "earlier_keys",
    {
        "row": "bigint",
        "replaces": "varchar[]",
        "fields": "ubigint[]",
        "also": "ubigint[]",
    },
)
LANES = ScratchTable("lanes", {"bucket": "uinteger", "lane": "utinyint"})
NUMBERED = ScratchTable(  # rows of DIFF with their batch, which is null where a row does not leave
    "numbered",
    {
        "row": "bigint",
        "batch": "bigint",
        "position": "bigint",
        "lane": "ubigint",
        "lane_hash": "ubigint",
        "bytes": "bigint",
        "replaces": "varchar[]",
        "fingerprint": "ubigint",
        "fields": "ubigint[]",
        "also": "ubigint[]",
    },
)
GONE = ScratchTable(  # rows of `synced` that are in the source no more
    "gone",
    {"kind": "varchar", "key": "varchar", "fields": "ubigint[]", "also": "ubigint[]"},
)
REMOVALS = ScratchTable(  # those that are cleared or deleted
    "removals",
    {
        "kind": "varchar",
        "key": "varchar",
        "fields": "ubigint[]",
        "action": "varchar",  # clear, delete or leave
        "record": "varchar",
        "position": "bigint",
        "batch": "bigint",
    },
)
OUTGOING = ScratchTable(  # the columns of `outbox.parquet`
    "outgoing",
    {
        "batch": "uinteger",
        "position": "uinteger",  # within the batch
        "lane": "utinyint",
        "action": "varchar",  # upsert, clear, delete or leave
        "kind": "varchar",
        "key": "varchar",
        "person": "ubigint",
        "fingerprint": "ubigint",
        "record": "varchar",
        "bytes": "uinteger",
        "fields": "ubigint[]",  # those that CleverTap holds once the record is acked
        "replaces": "varchar[]",
        "also": "ubigint[]",
        "marks": "uinteger[]",  # of the fields that CleverTap holds then: see field_marks
    },
)

# Of the settlement: every record of the outbox, and its outcome.

RECORD_OUTCOMES = ScratchTable(
    "record_outcomes",
    {
        "batch": "uinteger",
        "position": "uinteger",
        "action": "varchar",
        "kind": "varchar",
        "key": "varchar",
        "person": "ubigint",
        "fingerprint": "ubigint",
        "fields": "ubigint[]",
        "replaces": "varchar[]",
        "also": "ubigint[]",
        "marks": "uinteger[]",
        "code": "bigint",  # CleverTap's, of a refusal
        "outcome": "varchar",  # acked, refused, unknown or unsent
        "message": "varchar",
    },
)
HELD_ROWS = ScratchTable(  # held rows that the report lists
    "held_rows",
    {
        "key": "varchar",
        "kind": "varchar",
        "outcome": "varchar",
        "code": "varchar",
        "message": "varchar",
        "batch": "uinteger",
    },
)
LOG_ROWS = ScratchTable(  # of the sync's log, without what all rows of a delivery have in common
    "log_rows",
    {
        "key": "varchar",
        "kind": "varchar",
        "identity": "varchar",  # of the person
        "change": "varchar",  # new, changed or removed
        "action": "varchar",
        "fields": "varchar[]",  # names of those that were sent, or for which a row is rejected
        "outcome": "varchar",
        "code": "varchar",
        "reason": "varchar",
        "message": "varchar",  # may quote values
        "attempts": "integer",
        "batch": "integer",
        "sent_at": "timestamp with time zone",
        "answered_at": "timestamp with time zone",
        "record": "varchar",
    },
)
HINTS = ScratchTable("hints", {"code": "varchar", "hint": "varchar"})

# Of a rebuild: what the old state tells of, so that no older report does.

KEPT = ScratchTable("kept", {"kind": "varchar", "key": "varchar"})

ALL = (
    *(VALID, DIFF, SUPPRESSED_DIGESTS, SUPPRESSED_ROWS, ACQUAINTED, ABSENT_KEYS),
    *(EARLIER_KEYS, NUMBERED, GONE, REMOVALS, OUTGOING, RECORD_OUTCOMES, HELD_ROWS, LOG_ROWS),
    *(HINTS, KEPT),
)
