"""SyncRow is the row of a sync in Postgres: who claimed it last, and what is published of it.

Each method is one statement, in the session that it is given.
"""

import os
import socket
import uuid
from collections.abc import Mapping
from typing import Any

from ct_assets.store.postgres.advisory_locks import TRY, UNLOCK, lock_number
from ct_assets.store.postgres.store_session import StoreSession

Pointer = Mapping[str, Any]
"""By the name of a file: what `published_state` keeps of it."""

_HOLDER = "select holder from ct_assets.syncs where (destination, sync) = (%s, %s)"
_READ = "select fence, files from ct_assets.syncs where (destination, sync) = (%s, %s)"
_CLAIM = """
insert into ct_assets.syncs as s (destination, sync, fence, holder, claim)
values (%s, %s, %s, %s, %s) on conflict (destination, sync) do update
set fence = s.fence + excluded.fence, holder = excluded.holder, claim = excluded.claim
returning fence, published, files
"""
_CLAIM_AGAIN = """
update ct_assets.syncs set fence = fence + 1
where (destination, sync, claim) = (%s, %s, %s) returning fence
"""
_OTHER_CLAIM = """
select 1 from ct_assets.syncs where (destination, sync) = (%s, %s) and claim <> %s
"""
_SAME_FENCE = "select 1 from ct_assets.syncs where (destination, sync, fence) = (%s, %s, %s)"
_PUBLISHED = """
select 1 from ct_assets.syncs where (destination, sync) = (%s, %s) and files <> '{}'
"""


class SyncRow:
    """As it was read last; a claim of its own has a number that nobody else has."""

    def __init__(self, destination: str, sync: str) -> None:
        self.name = (destination, sync)
        self.fence = 0
        self.pointer: Pointer = {}
        self.gap = False
        """Whether whoever claimed it before has not published to the end."""
        self._claim = uuid.uuid4().hex
        self._lock = lock_number("sync", destination, sync)

    def lock(self, session: StoreSession) -> bool:
        """False if another session has the lock, by which one works on the sync at a time."""
        return bool(session.rows(TRY, (self._lock,))[0][0])

    def unlock(self, session: StoreSession) -> None:
        session.rows(UNLOCK, (self._lock,))

    def holder(self, session: StoreSession) -> str:
        """Who claimed it last, for people."""
        return next((str(holder) for (holder,) in session.rows(_HOLDER, self.name)), "")

    def read(self, session: StoreSession) -> None:
        for fence, files in session.rows(_READ, self.name):
            self.fence, self.pointer = fence, files

    def claim(self, session: StoreSession, step: int) -> None:
        """Makes the claim this one's, and adds `step` to the fence."""
        values = (*self.name, step, _me(), self._claim)
        for fence, published, files in session.rows(_CLAIM, values):
            self.fence, self.pointer = fence, files
            self.gap = bool(step) and published != fence - 1

    def claim_again(self, session: StoreSession) -> bool:
        """Adds 1 to the fence; False, and nothing is done, if another has claimed it since."""
        for (fence,) in session.rows(_CLAIM_AGAIN, (*self.name, self._claim)):
            self.fence = fence
            return True
        return False

    def is_of_another(self, session: StoreSession) -> bool:
        """Whether another has claimed it since."""
        return bool(session.rows(_OTHER_CLAIM, (*self.name, self._claim)))

    def is_current(self, session: StoreSession) -> bool:
        """Whether the pointer is still the one that was read."""
        found = session.rows(_READ, self.name)
        return [files for _, files in found] in ([self.pointer], [])

    def has_fence(self, session: StoreSession) -> bool:
        """Whether the fence is still this one."""
        return bool(session.rows(_SAME_FENCE, (*self.name, self.fence)))

    def has_beside(self, session: StoreSession, sync: str) -> bool:
        """Whether anything is published of another sync at the destination."""
        return bool(session.rows(_PUBLISHED, (self.name[0], sync)))


def _me() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"
