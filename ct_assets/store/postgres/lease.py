"""Lease is the right to work on a shared state: a lock of Postgres, and a fence that grows.

Whoever lost the lock for a moment may go on if the last claim is still theirs: nobody else had it.
"""

import contextlib
import hashlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, LiteralString, TypeVar

from ct_assets.store.postgres.store_session import (
    DatabaseError,
    SessionLostError,
    Statement,
    StoreSession,
    UnfitDatabaseError,
    lease_seconds,
)
from ct_assets.store.store_settings import StoreError, StoreSettings

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 600.0
"""How long a delivery waits for a database that was lost, with what it knows in memory."""
STOPPED_SECONDS = 30.0
"""The same once it has been asked to stop."""

T = TypeVar("T")
Pointer = Mapping[str, Any]
"""By the name of a file: what `published_state` keeps of it."""


class LeaseBusyError(StoreError):
    """Another host works on the state."""


class LeaseLostError(StoreError):
    """Another host has taken the state over."""


def lock_number(*names: str) -> int:
    """The number of an advisory lock, in the range of a bigint; the lowest byte is free."""
    digest = hashlib.sha256("\0".join(("ct_assets", *names)).encode()).digest()
    return int.from_bytes(digest[:8], signed=True) & ~0xFF


class Lease:
    """A claim on the state of a sync at a destination, with a session of its own."""

    def __init__(
        self,
        settings: StoreSettings,
        destination: str,
        sync: str,
        stop: threading.Event | None = None,
    ) -> None:
        self.settings = settings
        self.destination, self.sync = destination, sync
        self.fence = 0
        self.gap = False
        """Whether whoever claimed it before has not published to the end."""
        self.pointer: Pointer = {}
        self._name = (destination, sync)
        self._claim = uuid.uuid4().hex
        self._reads = True
        self._lock = lock_number("sync", destination, sync)
        self._stop = stop or threading.Event()
        self._session = StoreSession(settings)
        self._lost: LeaseLostError | None = None
        self._commits = "on"

    @classmethod
    @contextlib.contextmanager
    def claim(
        cls,
        settings: StoreSettings,
        destination: str,
        sync: str,
        *,
        patience: timedelta = timedelta(0),
        stop: threading.Event | None = None,
        waiting: Callable[[str], object] = lambda _: None,
        for_reading: bool = False,
        check: Callable[[int], object] = lambda _: None,
        raises: bool = True,
    ) -> "Iterator[Lease]":
        """Lets nobody else, on any host, work on it; `for_reading` leaves fence and row alone.

        `check` is told the last fence that was given, and may raise an error before another one
        is. With `raises` False none is: see `PublishedState.publish`.

        Raises:
            LeaseBusyError: The turn did not come within `patience`, or before `stop` was set.
        """
        lease = cls(settings, destination, sync, stop)
        try:
            lease._wait(patience, waiting)
            lease._read()
            check(lease.fence)
            if not for_reading:
                lease._take(1 if raises else 0)
            yield lease
        finally:
            lease.close()

    @classmethod
    @contextlib.contextmanager
    def look(
        cls, settings: StoreSettings, destination: str, sync: str
    ) -> "Iterator[tuple[Lease, bool]]":
        """For whoever reads without the lock; and whether somebody else has it."""
        lease = cls(settings, destination, sync)
        try:
            is_held = not lease._try(lease._session)
            if not is_held:
                lease._session.rows("select pg_advisory_unlock(%s)", (lease._lock,))
            lease._read()
            yield lease, is_held
        finally:
            lease.close()

    def is_current(self) -> bool:
        """Whether the pointer is still the one that was read."""
        found = self._session.rows(
            "select files from ct_assets.syncs where (destination, sync) = (%s, %s)", self._name
        )
        return [files for (files,) in found] in ([self.pointer], [])

    def close(self) -> None:
        self._session.close()

    def check(self) -> None:
        """Makes sure that the lock is held at this moment.

        Raises:
            LeaseLostError, DatabaseError: It is not.
        """
        self._raise_lost()
        self._session.check()

    def knows(self, sync: str) -> bool:
        """Whether anything is published of another folder at the destination."""
        query: LiteralString = (
            "select 1 from ct_assets.syncs where (destination, sync) = (%s, %s) and files <> '{}'"
        )
        return bool(self.rows(query, (self.destination, sync)))

    def rows(self, query: LiteralString, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query, in a session that holds the lock."""
        return self.held(lambda session: session.rows(query, values))

    def change(self, first: LiteralString, values: tuple[object, ...], *others: Statement) -> None:
        """One durable transaction; its first statement changes a row if the fence is this one.

        Raises:
            LeaseLostError: It is not.
        """

        def work(session: StoreSession) -> bool:
            return session.all_or_none((first, (*values, self.fence)), *others)

        if not self.held(work):
            raise self._given_up()

    def commit(self, *, durably: bool) -> None:
        """Whether what `put` does outlives a power cut of the server."""
        self._commits = "on" if durably else "off"
        self.held(self._set_commits)

    def _set_commits(self, session: StoreSession) -> None:
        session.rows("select set_config('synchronous_commit', %s, false)", (self._commits,))

    def put(self, statement: LiteralString, values: tuple[object, ...]) -> None:
        """A statement whose last value is the fence; if it changes nothing, it was done before.

        Raises:
            LeaseLostError: The fence is another one.
        """
        if not self.held(lambda session: self._put(session, statement, values)):
            raise self._given_up()

    def _put(
        self, session: StoreSession, statement: LiteralString, values: tuple[object, ...]
    ) -> bool:
        if session.count(statement, (*values, self.fence)):
            return True
        return bool(
            session.rows(
                "select 1 from ct_assets.syncs where (destination, sync, fence) = (%s, %s, %s)",
                (*self._name, self.fence),
            )
        )

    def held(self, work: Callable[[StoreSession], T]) -> T:
        """Does it in a session that holds the lock; again, if the session is lost meanwhile.

        Raises:
            LeaseLostError: Another host has the lock, or had it.
            DatabaseError: The database was out of reach for too long.
        """
        self._raise_lost()
        while True:
            with contextlib.suppress(SessionLostError):
                return work(self._session)
            self._regain()

    def _wait(self, patience: timedelta, waiting: Callable[[str], object]) -> None:
        until, has_warned = time.monotonic() + patience.total_seconds(), False
        while not self._try(self._session):
            ((holder,),) = self._session.rows(
                "select coalesce((select holder from ct_assets.syncs"
                " where (destination, sync) = (%s, %s)), '')",
                self._name,
            )
            busy = f"{self.sync}: another run of this sync is under way ({holder or 'unknown'})"
            if self._stop.wait(POLL_SECONDS) or time.monotonic() >= until:
                raise LeaseBusyError(
                    f"{busy}; nothing was sent by this one. Wait until it has ended, or stop it"
                )
            if not has_warned:
                waiting(f"{busy}; this one waits for it")
                has_warned = True

    def _try(self, session: StoreSession) -> bool:
        return bool(session.rows("select pg_try_advisory_lock(%s)", (self._lock,))[0][0])

    def _read(self) -> None:
        found = self._session.rows(
            "select fence, files from ct_assets.syncs where (destination, sync) = (%s, %s)",
            self._name,
        )
        for fence, files in found:
            self.fence, self.pointer = fence, files

    def _take(self, step: int) -> None:
        self._reads = False
        found = self._session.rows(
            "insert into ct_assets.syncs as s (destination, sync, fence, holder, claim)"
            " values (%s, %s, %s, %s, %s) on conflict (destination, sync) do update set"
            " fence = s.fence + excluded.fence, holder = excluded.holder, claim = excluded.claim"
            " returning fence, published, files",
            (*self._name, step, _me(), self._claim),
        )
        for fence, published, files in found:
            self.fence, self.pointer = fence, files
            self.gap = bool(step) and published != fence - 1

    def _regain(self) -> None:
        """Has the lock again, in a new session; the lost one stays in its place until then."""
        with contextlib.ExitStack() as opened:
            session = self._regained(opened)
            opened.pop_all()
        self._session.close()
        self._session = session

    def _regained(self, opened: contextlib.ExitStack) -> StoreSession:
        """A session that holds the lock; `opened` has to close it."""
        until, session = time.monotonic() + PATIENCE_SECONDS, None
        while True:
            try:
                if session is None or not session.is_open:
                    opened.close()
                    session = opened.enter_context(StoreSession(self.settings))
                if self._try(session):
                    self._go_on(session)
                    return session
                self._check_claim(session)
            except UnfitDatabaseError:
                raise
            except DatabaseError as error:
                if time.monotonic() >= until:
                    raise DatabaseError(f"{error}, {self._waited()}") from None
            if self._stop.wait(POLL_SECONDS):
                until = min(until, time.monotonic() + STOPPED_SECONDS)
                time.sleep(POLL_SECONDS)
            if time.monotonic() >= until + lease_seconds():
                raise DatabaseError(
                    f"{self.settings.database}: the lock of {self.sync} is still held by the "
                    f"connection that this run has lost, {self._waited()}"
                )

    def _waited(self) -> str:
        minutes = f"{PATIENCE_SECONDS / 60:.0f} minutes"
        waited = "since it was asked to stop" if self._stop.is_set() else f"after {minutes}"
        return (
            f"{waited}. What left is noted as far as the database got it; the next run goes on "
            "from there"
        )

    def _go_on(self, session: StoreSession) -> None:
        """With a fence of its own, so that nothing of the lost session can come later."""
        self._set_commits(session)
        if self._reads:
            return
        taken = session.rows(
            "update ct_assets.syncs set fence = fence + 1"
            " where (destination, sync, claim) = (%s, %s, %s) returning fence",
            (*self._name, self._claim),
        )
        if not taken:
            raise self._given_up()
        for (fence,) in taken:
            self.fence = fence

    def _check_claim(self, session: StoreSession) -> None:
        found = session.rows(
            "select claim from ct_assets.syncs where (destination, sync) = (%s, %s)", self._name
        )
        if found and found[0][0] != self._claim and not self._reads:
            raise self._given_up()

    def _given_up(self) -> LeaseLostError:
        self._lost = LeaseLostError(
            f"{self.sync}: another host has taken this sync over, while this one had lost its "
            "connection to the database or stood still. Nothing more was sent by this one; the "
            "other one has settled what it had sent"
        )
        return self._lost

    def _raise_lost(self) -> None:
        if self._lost is not None:
            raise LeaseLostError(str(self._lost))


def _me() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"
