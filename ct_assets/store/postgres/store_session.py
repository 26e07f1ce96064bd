"""StoreSession is a connection with the Postgres that hosts share; its errors are told in words.

It can hold locks, and the server takes them back when it ends. So that the locks of a host
that hangs come free, the server ends a session that says nothing for LEASE_SECONDS: the server's
timer decides, and no clock of ours. A thread keeps a session that is wanted alive.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, LiteralString, Self

from ct_assets.errors import hushed
from ct_assets.store.postgres import schema
from ct_assets.store.store_settings import StoreError, StoreSettings, driver

LEASE = "CT_LEASE_SECONDS"
LEASE_SECONDS = 20.0
"""After so long without a word a host has lost its locks."""
LEAST_LEASE_SECONDS = 1.0
CONNECT_SECONDS = 10
OLDEST = 140000
"""Postgres 14 is the first that ends idle sessions."""

_TIMEOUTS = (
    *("idle_session_timeout", "idle_in_transaction_session_timeout"),
    *("lock_timeout", "tcp_user_timeout"),
)

Row = tuple[Any, ...]
Statement = tuple[LiteralString, Sequence[object]]


class DatabaseError(StoreError):
    """The database is out of reach, refuses something, or is not fit for this."""


class SessionLostError(DatabaseError):
    """The session has ended; its locks are free, or will be soon."""


class UnfitDatabaseError(DatabaseError):
    """It would not be better with another attempt: a person has to change something."""


def lease_seconds() -> float:
    """CT_LEASE_SECONDS, or 20.

    Raises:
        StoreError: It is no number of seconds, or too small.
    """
    text = os.environ.get(LEASE) or str(LEASE_SECONDS)
    with contextlib.suppress(ValueError):
        if LEAST_LEASE_SECONDS <= (seconds := float(text)) < float("inf"):
            return seconds
    raise StoreError(f"{LEASE}={text} is no number of seconds from {LEAST_LEASE_SECONDS:.0f} on")


def moment() -> float:
    """Seconds that go on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class StoreSession:
    """One connection, for any number of threads, one statement at a time.

    `wanted` says whether it is to be kept alive when nobody uses it; else it is closed after a
    while, and lost.
    """

    def __init__(
        self, settings: StoreSettings, *, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self._settings = settings
        self._lease = lease_seconds()
        self._psycopg: Any = driver("psycopg")
        self._lock = threading.RLock()
        self._wanted = wanted
        self._ended = threading.Event()
        self._busy_since: float | None = None
        self._sure = moment()
        self._connection = self._connected()
        self._process = os.getpid()
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise
        threading.Thread(target=self._watch, name="store-session", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives all locks of the session back, at once where the server can be reached."""
        if self.is_open:
            with contextlib.suppress(DatabaseError):
                self.rows("select pg_advisory_unlock_all()")
        self._end()

    def _end(self) -> None:
        self._ended.set()
        if self._process == os.getpid():
            with self._lock:
                self._connection.close()

    @property
    def is_open(self) -> bool:
        return not self._ended.is_set() and self._process == os.getpid()

    def check(self) -> None:
        """Makes sure that the session lives, and so its locks are held.

        Raises:
            SessionLostError: It does not.
        """
        if self._ended.is_set() or moment() - self._sure > self._lease / 2:
            self.rows("select 1")

    def rows(self, query: LiteralString, values: Sequence[object] = ()) -> list[Row]:
        """The rows of a query, or of what a statement returns.

        Raises:
            SessionLostError: Whether a statement was carried out is not known.
            DatabaseError: The database refuses it.
        """
        with self._lock, self._told(), self._timed():
            cursor = self._connection.execute(query, values)
            return list(cursor.fetchall()) if cursor.description else []

    def count(self, statement: LiteralString, values: Sequence[object] = ()) -> int:
        """How many rows a statement changed; errors as of `rows`."""
        with self._lock, self._told(), self._timed():
            return int(self._connection.execute(statement, values).rowcount)

    def all_or_none(self, first: Statement, *others: Statement) -> bool:
        """One durable transaction; nothing is done, and False, if the first changes no row."""
        with self._lock, self._told(), self._timed(), self._connection.transaction() as block:
            self._connection.execute("set local synchronous_commit = on")
            if not self._connection.execute(*first).rowcount:
                raise self._psycopg.Rollback(block)
            for statement in others:
                self._connection.execute(*statement)
            return True
        return False

    def _connected(self) -> Any:  # noqa: ANN401 -- psycopg is an extra
        seconds = int(self._lease)
        with self._told():
            return self._psycopg.connect(
                self._settings.database_url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name=f"ct-assets {socket.gethostname()} {os.getpid()}",
                keepalives=1,
                keepalives_idle=max(1, seconds // 4),
                keepalives_interval=max(1, seconds // 4),
                keepalives_count=3,
                tcp_user_timeout=1000 * seconds,
            )

    def _prepare(self) -> None:
        """Refuses what cannot hold locks, and has the server end the session if this host hangs."""
        version = self._connection.info.server_version
        if version < OLDEST:
            raise UnfitDatabaseError(
                f"{self._settings.database}: Postgres {version // 10000} is too old; it takes 14 "
                "or later"
            )
        self._check_pooler()
        milliseconds = str(int(self._lease * 1000))
        self.rows(
            "select set_config(name, %s, false) from unnest(%s::text[]) as name",
            (milliseconds, list(_TIMEOUTS)),
        )
        schema.check(self, self._settings.database)

    def _check_pooler(self) -> None:
        """A server that tells its own process as ours has nothing in between."""
        told = self._connection.info.backend_pid
        own = self._process_here()
        if own == told:
            return
        with self._connected() as other, self._told():
            ((theirs,),) = other.execute("select pg_backend_pid()").fetchall()
            again = self._process_here()
        if theirs in (own, again) or own != again:
            raise UnfitDatabaseError(
                f"{self._settings.database}: a pooler such as PgBouncer is in between, which gives "
                "each transaction another session, so that no lock holds. Name the server's own "
                "port in CT_DATABASE_URL, or one with pool_mode = session"
            )

    def _process_here(self) -> int:
        return int(self.rows("select pg_backend_pid()")[0][0])

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        began = self._busy_since = moment()
        try:
            yield
            self._sure = began
        finally:
            self._busy_since = None

    def _watch(self) -> None:
        """Says something now and then, and cuts a connection off that no answer comes from."""
        while not self._ended.wait(self._lease / 5):
            since, quiet = self._busy_since, moment() - self._sure
            if since is not None and moment() - since > self._lease:
                self._cut()
            elif since is None and quiet > self._lease / 6:
                if not self._wanted():
                    self._end()  # asks nothing of a server that nobody would cut off
                    return
                with contextlib.suppress(DatabaseError):
                    self.rows("select 1")

    def _cut(self) -> None:
        with contextlib.suppress(OSError, self._psycopg.Error):
            descriptor = os.dup(self._connection.fileno())
            with socket.socket(fileno=descriptor) as connection:
                connection.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Errors in our words: those of the driver may quote the URL, with its password."""
        if self._ended.is_set():
            raise SessionLostError(f"{self._settings.database}: the session has ended")
        try:
            yield
        except self._psycopg.Error as error:
            told = self._in_words(error)
            hushed(error)
        else:
            return
        raise told

    def _in_words(self, error: Any) -> DatabaseError:  # noqa: ANN401 -- psycopg is an extra
        place, state = self._settings.database, getattr(error, "sqlstate", None) or ""
        connection = getattr(self, "_connection", None)
        if state[:2] not in ("28", "3D", "42", "25", "0A"):
            if connection is None:
                return DatabaseError(f"{place}: {_reason(state, str(error))}")
            if connection.closed or state[:2] in ("08", "57"):
                self._ended.set()
                return SessionLostError(f"{place}: the connection to the database was lost")
        return UnfitDatabaseError(f"{place}: {_reason(state, str(error))}")


def _reason(state: str, text: str) -> str:
    if state[:2] == "28" or "authentication failed" in text or "no pg_hba.conf entry" in text:
        return "the database does not let this user in; look at the password in CT_DATABASE_URL"
    if state[:2] == "3D" or 'database "' in text:
        return "the server has no such database"
    if state == "42501":
        return (
            "the user may not use the schema ct_assets; grant CREATE on the database once, or all "
            "on the schema and its tables"
        )
    if state == "25006":
        return "the server is read-only, as a standby is; name the primary"
    if state[:2] == "53":
        return "the server takes no more connections"
    if state[:2] == "55":
        return "the database is busy with the same rows for too long"
    if state:
        return f"the database refuses a statement (SQLSTATE {state})"
    return "the database cannot be reached; are host and port right, and is it running?"
