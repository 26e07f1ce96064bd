"""The state database holds the acked and the held records of a sync: `state.duckdb`."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from ct_assets.delivery.state.sync_files import STATE, database
from ct_assets.errors import UserError

MIGRATIONS: Sequence[str] = (
    "alter table synced add column also ubigint[]",
    "insert or ignore into meta values ('id', replace(uuid()::varchar, '-', ''))",
)
"""SQL that takes a state from version i + 1 to i + 2."""

HASH = "md5_number_lower of the record, encoding 1"
"""Stored beside the fingerprints; other text for the same record would need a new one, too."""

_TABLES = """
create table meta (name varchar primary key, value varchar not null);
create table fields (position integer, name varchar);
create table synced (
    kind varchar, key varchar, fingerprint ubigint, fields ubigint[], person ubigint,
    delivery uinteger
);
create table held (
    kind varchar, key varchar, reason varchar, person ubigint, fingerprint ubigint,
    declaration varchar, code varchar, message varchar, batch uinteger, delivery uinteger,
    since timestamp, partition varchar, record varchar
);
"""
# held.since is in UTC.
# synced.fingerprint is null where an answer was lost: CleverTap holds the old record or the new.
# synced.delivery is the one that was acknowledged last, null if none ever was.
# synced.also is of all other identifiers that its rows ever bore: see `others`.
# synced.fields has a bit for each field that CleverTap holds on our account, in 64-bit words.


class StateError(UserError):
    """The state does not fit this version of the program, or this declaration."""


@contextlib.contextmanager
def opened(
    home: Path, work: Path, *, memory: str, migrations: Sequence[str] = MIGRATIONS
) -> Iterator[duckdb.DuckDBPyConnection]:
    with database(home / STATE, work, memory=memory) as connection:
        _prepare(connection, home, migrations)
        yield connection


def get(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    row = connection.execute("select value from meta where name = ?", [name]).fetchone()
    return row[0] if row else None


def put(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    connection.execute("insert or replace into meta values (?, ?)", [name, value])


def drop(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute("delete from meta where name = ?", [name])


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def standing(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """The state's id, and the rows that CleverTap has acknowledged."""
    keys = "select count(*) from synced where delivery is not null"
    return get(connection, "id") or "", scalar(connection, keys)


@contextlib.contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            connection.execute("rollback")
        raise
    connection.execute("commit")


def _prepare(connection: duckdb.DuckDBPyConnection, home: Path, migrations: Sequence[str]) -> None:
    current = 1 + len(migrations)
    with transaction(connection):
        if not scalar(connection, "select count(*) from duckdb_tables() where table_name = 'meta'"):
            connection.execute(_TABLES)
            put(connection, "version", "1")
            put(connection, "hash", HASH)
        version = int(get(connection, "version") or 1)
        if version > current:
            raise StateError(
                f"{home.name}: its state was written by a newer ct_assets (state version "
                f"{version}, this one knows {current}); upgrade ct_assets, nothing was sent"
            )
        if version < current:
            for migration in migrations[version - 1 :]:
                connection.execute(migration)
            put(connection, "version", str(current))
    if get(connection, "hash") != HASH:
        raise StateError(
            f"{home.name}: its fingerprints were made another way ({get(connection, 'hash')}); "
            f"use the version of ct_assets that wrote them, or remove {home} to send all anew"
        )
