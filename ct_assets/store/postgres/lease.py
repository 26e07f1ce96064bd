"""Lease is the right to work on a shared state: a lock of Postgres, and a fence that grows.

Whoever lost the lock for a moment may go on if the last claim is still theirs: nobody else had it.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
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
from ct_assets.store.postgres.sync_row import SyncRow
from ct_assets.store.store_settings import StoreError, StoreSettings

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 600.0
"""How long a delivery waits for a database that was lost, with what it knows in memory."""
STOPPED_SECONDS = 30.0
"""The same once it has been asked to stop."""

T = TypeVar("T")


class LeaseBusyError(StoreError):
    """Another host works on the state."""


class LeaseLostError(StoreError):
    """Another host has taken the state over."""


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
        self.sync = sync
        self.row = SyncRow(destination, sync)
        self._reads = True
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
            lease.row.read(lease._session)
            check(lease.row.fence)
            if not for_reading:
                lease._reads = False
                lease.row.claim(lease._session, 1 if raises else 0)
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
            is_held = not lease.row.lock(lease._session)
            if not is_held:
                lease.row.unlock(lease._session)
            lease.row.read(lease._session)
            yield lease, is_held
        finally:
            lease.close()

    def is_current(self) -> bool:
        """Whether the pointer is still the one that was read."""
        return self.row.is_current(self._session)

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
        return self.held(lambda session: self.row.has_beside(session, sync))

    def rows(self, query: LiteralString, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query, in a session that holds the lock."""
        return self.held(lambda session: session.rows(query, values))

    def change(self, first: LiteralString, values: tuple[object, ...], *others: Statement) -> None:
        """One durable transaction; its first statement changes a row if the fence is this one.

        Raises:
            LeaseLostError: It is not.
        """

        def work(session: StoreSession) -> bool:
            return session.all_or_none((first, (*values, self.row.fence)), *others)

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

        def work(session: StoreSession) -> bool:
            changed = session.count(statement, (*values, self.row.fence))
            return bool(changed) or self.row.has_fence(session)

        if not self.held(work):
            raise self._given_up()

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
        while not self.row.lock(self._session):
            holder = self.row.holder(self._session) or "unknown"
            busy = f"{self.sync}: another run of this sync is under way ({holder})"
            if self._stop.wait(POLL_SECONDS) or time.monotonic() >= until:
                raise LeaseBusyError(
                    f"{busy}; nothing was sent by this one. Wait until it has ended, or stop it"
                )
            if not has_warned:
                waiting(f"{busy}; this one waits for it")
                has_warned = True

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
                if self.row.lock(session):
                    self._go_on(session)
                    return session
                if not self._reads and self.row.is_of_another(session):
                    raise self._given_up()
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
        if not self._reads and not self.row.claim_again(session):
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
