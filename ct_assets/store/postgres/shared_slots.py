"""SharedSlots limits an account's requests in flight over all hosts, by locks of Postgres.

A lock is free as soon as the session that holds it ends. As a session may take its own lock twice,
what is held here is known here.
"""

import contextlib
import functools
import os
import threading
import time
from collections.abc import Iterator
from typing import LiteralString

from ct_assets.store.postgres.advisory_locks import TRY, UNLOCK, lock_number
from ct_assets.store.postgres.store_session import (
    DatabaseError,
    SessionLostError,
    StoreSession,
    UnfitDatabaseError,
)
from ct_assets.store.store_settings import StoreSettings

POLL_SECONDS = 0.005
AGAIN_SECONDS = 0.2
PATIENCE_SECONDS = 600.0

NONE_FREE, NOT_OUR_TURN = -1, -2


class SharedSlots:
    """`size` slots for all threads of all processes that name the same account and kind."""

    def __init__(self, settings: StoreSettings, account: str, kind: str, size: int) -> None:
        self._settings = settings
        self._size = size
        self._first = lock_number("slots", account, kind)
        self._take = _take(size)
        self._session: StoreSession | None
        self._start_empty()
        # A forked child would share its parent's connection.
        os.register_at_fork(after_in_child=self._start_empty)

    @contextlib.contextmanager
    def slot(self, stop: threading.Event) -> Iterator[bool]:
        """Waits for a slot and holds it; False, with no slot, if `stop` is set before.

        Raises:
            DatabaseError: The database was out of reach for too long.
        """
        number = self._acquire(stop)
        try:
            yield number is not None
        finally:
            if number is not None:
                self._release(number)

    def are_held(self) -> bool:
        """Whether the slots of this process are its own at this moment, and no other host's."""
        session = self._session
        if session is None or self._orphans & self._held:
            return False
        try:
            session.check()
        except DatabaseError:
            return False
        return True

    def _acquire(self, stop: threading.Event) -> int | None:
        """Whoever waits holds the queue, so a host cannot take its own slot back before it."""
        with self._turn:
            until = time.monotonic() + PATIENCE_SECONDS
            while not stop.is_set():
                try:
                    return self._wait(stop)
                except UnfitDatabaseError:
                    raise
                except DatabaseError:
                    if time.monotonic() >= until:
                        raise
                    stop.wait(AGAIN_SECONDS)
            return None

    def _wait(self, stop: threading.Event) -> int | None:
        session, queued = self._opened(), False
        try:
            while not stop.is_set():
                held = sorted(self._held)
                if not self._orphans & self._held:
                    values = (queued, self._first + self._size, *self._tried(held))
                    ((number,),) = session.rows(self._take, values)
                    queued = number != NOT_OUR_TURN
                    if number >= 0:
                        self._held.add(number)
                        return int(number)
                stop.wait(POLL_SECONDS)
            return None
        finally:
            if queued:
                with contextlib.suppress(SessionLostError):
                    session.rows(UNLOCK, (self._first + self._size,))

    def _tried(self, held: list[int]) -> Iterator[object]:
        for number in range(self._size):
            yield from (number in held, self._first + number)

    def _opened(self) -> StoreSession:
        """A session in which this process holds the locks of its requests in flight.

        After a lost one, another host may have taken one of those; then no request leaves here
        until ours is answered, so that there are never more than the account allows.
        """
        if self._session is None or not self._session.is_open:
            session = StoreSession(self._settings, wanted=lambda: bool(self._held))
            self._session, self._orphans = session, set()
            for number in sorted(self._held):
                if not session.rows(TRY, (self._first + number,))[0][0]:
                    self._orphans.add(number)
                elif number not in self._held:  # answered meanwhile
                    session.rows(UNLOCK, (self._first + number,))
        return self._session

    def _release(self, number: int) -> None:
        session, is_ours = self._session, number not in self._orphans
        self._held.discard(number)
        self._orphans.discard(number)
        if session is not None and is_ours:
            with contextlib.suppress(DatabaseError):
                session.rows(UNLOCK, (self._first + number,))

    def _start_empty(self) -> None:
        self._session = None
        self._held = set[int]()
        self._orphans = set[int]()
        self._turn = threading.Lock()


slots_of = functools.cache(SharedSlots)


def _take(size: int) -> LiteralString:
    """Takes the queue and the first slot that is free: a `case` looks no further than it must."""
    numbers: LiteralString = ""
    for number in range(size):
        numbers += f" when not %s and pg_try_advisory_lock(%s) then {number}"
    return (
        f"select case when %s or pg_try_advisory_lock(%s) then case{numbers} else {NONE_FREE} end"
        f" else {NOT_OUR_TURN} end"
    )
