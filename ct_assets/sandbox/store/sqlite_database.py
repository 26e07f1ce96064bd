"""Opens the sandbox's one SQLite file, for its writer or for readers."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

FILE = "sandbox.sqlite"
VERSION = 1


class OtherVersionError(Exception):
    """The file was made by a version of the sandbox with other tables."""


_TABLES = """
create table meta (key text primary key, value text not null) without rowid;
create table profiles (
    pid integer primary key, first_seen integer not null, last_seen integer not null,
    email text, phone integer, props text not null
);
create index profiles_email on profiles (email) where email is not null;
create index profiles_phone on profiles (phone) where phone is not null;
create table identifiers (
    kind text not null, value text not null, pid integer not null, at integer not null,
    primary key (kind, value)
) without rowid;
create index identifiers_pid on identifiers (pid);
create table devices (
    object_id text primary key, pid integer not null, platform text not null,
    token text, token_type text
) without rowid;
create index devices_pid on devices (pid);
create table event_names (
    name_id integer primary key, canonical text not null unique, name text not null
);
create table events (
    seq integer primary key autoincrement, request integer not null, position integer not null,
    pid integer not null, name_id integer not null, ts integer not null, received real not null,
    props text not null
);
create index events_pid on events (pid, ts);
create index events_name on events (name_id, ts);
create table schema (
    name_id integer not null, property text not null, type text not null,
    first_seen integer not null, seen integer not null, dropped integer not null,
    primary key (name_id, property, type)
) without rowid;
create table errors (
    seq integer primary key, request integer not null, position integer not null, at real not null,
    object text not null, event text, kind text not null, property text, message text not null
);
create table requests (
    number integer primary key, at real not null, method text not null, path text not null,
    query text not null, status integer, records integer, refused integer, bytes integer not null,
    seconds real not null, in_flight integer not null, fault text, body text not null,
    answer text not null
);
create table unsubscribed (kind text, value text, at integer, primary key (kind, value))
    without rowid;
create table tombstones (pid integer primary key, at integer not null);
create table pending (
    seq integer primary key, due real not null, action text not null, kind text, value text
);
create table lists (
    token text primary key, expires real not null, body blob, committed integer not null default 0
) without rowid;
create table segments (
    segment integer primary key, name text not null unique, email text, creator text,
    filename text, at real not null
);
create table members (segment integer, pid integer, primary key (segment, pid)) without rowid;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """The sandbox's file for its one writer; created, with an id, if it does not exist."""
    connection = _connect(f"{path.absolute().as_uri()}?mode=rwc")
    path.chmod(0o600)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    version = connection.execute("pragma user_version").fetchone()[0]
    if version not in (0, VERSION):
        connection.close()
        raise OtherVersionError(f"it is of version {version}, not {VERSION}")
    if version == 0:
        with transaction(connection):
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute("insert into meta values ('id', ?)", (secrets.token_hex(4),))
            connection.execute(f"pragma user_version = {VERSION}")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that sees what is committed and never holds the writer up."""
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro")
    connection.row_factory = sqlite3.Row
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("pragma busy_timeout = 5000")
    connection.execute("pragma mmap_size = 0")
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
