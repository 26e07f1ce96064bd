"""Schema makes the tables of the shared store, and brings older ones up to date."""

from collections.abc import Sequence
from typing import LiteralString, Protocol

from ct_assets.store.store_settings import StoreError

MIGRATIONS: Sequence[Sequence[LiteralString]] = (
    (
        """
        create table ct_assets.syncs (
            destination text not null, sync text not null,
            fence bigint not null default 0, published bigint not null default 0,
            holder text not null default '', claim text not null default '',
            files jsonb not null default '{}',
            primary key (destination, sync)
        )
        """,
        """
        create table ct_assets.journal (
            destination text not null, sync text not null, entry bigint not null,
            fence bigint not null, frame bytea not null, primary key (destination, sync, entry)
        )
        """,
        """
        create table ct_assets.replaced (
            object text primary key, destination text not null, sync text not null,
            at timestamptz not null default now()
        )
        """,
    ),
)
"""Statements that take the schema from version i to i + 1."""
# syncs.fence grows with each claim; syncs.published is the fence of who moved the pointer last.
# syncs.claim is of who claimed it last, who may go on under a new fence after a lost connection.
# syncs.files is the pointer: the objects that make up the folder of the sync, by file name.
# journal.frame is an entry of the ledger that the published one does not have yet.
# replaced.object is one that no pointer names any more; readers of an old one may still want it.

_LOCK = 0x63745F617373  # "ct_ass", so that no two hosts migrate at once


class Statements(Protocol):
    def rows(
        self, query: LiteralString, values: Sequence[object] = ()
    ) -> list[tuple[int, ...]]: ...


def check(session: Statements, place: str) -> None:
    """Makes or migrates the schema if need be.

    Raises:
        StoreError: A newer version wrote it.
    """
    version = _version(session)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{place}: its schema ct_assets was written by a newer ct_assets (version {version}, "
            f"this one knows {len(MIGRATIONS)}); upgrade ct_assets, nothing was sent"
        )
    if version < len(MIGRATIONS):
        _migrate(session)


def _migrate(session: Statements) -> None:
    # Before the transaction, which else would not see the tables that another host makes meanwhile.
    session.rows("select pg_advisory_lock(%s)", (_LOCK,))
    session.rows("begin")
    try:
        version = _version(session)
        if not version:
            session.rows("create schema if not exists ct_assets")
            session.rows("create table if not exists ct_assets.version (version integer not null)")
            session.rows("insert into ct_assets.version values (0)")
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                session.rows(statement)
        session.rows("update ct_assets.version set version = %s", (len(MIGRATIONS),))
    except BaseException:
        session.rows("rollback")
        raise
    session.rows("commit")
    session.rows("select pg_advisory_unlock(%s)", (_LOCK,))


def _version(session: Statements) -> int:
    """0 if there is no schema yet."""
    ((exists,),) = session.rows("select count(to_regclass('ct_assets.version'))")
    return session.rows("select version from ct_assets.version")[0][0] if exists else 0
