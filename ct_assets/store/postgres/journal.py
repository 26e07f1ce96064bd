"""Journal keeps entries of a ledger in Postgres, until a published ledger has them."""

import contextlib
from collections.abc import Iterator

from ct_assets.store.postgres.lease import Lease

_WRITE = """
insert into ct_assets.journal (destination, sync, entry, fence, frame)
select destination, sync, entry, fence, frame
from ct_assets.syncs, unnest(%s::bigint[], %s::bytea[]) as written (entry, frame)
where (destination, sync, fence) = (%s, %s, %s)
on conflict do nothing
"""
_READ = """
select entry, frame from ct_assets.journal
where (destination, sync) = (%s, %s) and entry > %s order by entry limit 500
"""


class Journal:
    """The tail of the ledger of one sync, for whoever holds its lease.

    An entry is in Postgres before the next request leaves, so what is known of those that left
    does not depend on the disk of this host.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._name = lease.row.name
        self._gathered: list[bytes] | None = None
        ((self.last,),) = lease.rows(
            "select coalesce(max(entry), 0) from ct_assets.journal"
            " where (destination, sync) = (%s, %s)",
            self._name,
        )

    def commit(self, *, durably: bool) -> None:
        """Whether entries outlive a power cut of the server, or only the death of this host."""
        self._lease.commit(durably=durably)

    def write(self, *frames: bytes) -> None:
        """Adds entries. They are committed once this returns, and the lock was held at that moment.

        Raises:
            LeaseLostError: Another host has taken the sync over.
            DatabaseError: The database was out of reach for too long.
        """
        if self._gathered is not None:
            self._gathered += frames
            return
        entries = list(range(self.last + 1, self.last + 1 + len(frames)))
        self._lease.put(_WRITE, (entries, list(frames), *self._name))
        self.last += len(frames)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Commits the entries of a block at once, at its end, however it ends."""
        self._gathered = []
        try:
            yield
        finally:
            gathered, self._gathered = self._gathered, None
            if gathered:
                self.write(*gathered)

    def tail(self) -> Iterator[bytes]:
        """The entries that the published ledger does not have, in their order."""
        entry = 0
        while frames := self._lease.rows(_READ, (*self._name, entry)):
            for number, frame in frames:
                entry = number
                yield bytes(frame)
