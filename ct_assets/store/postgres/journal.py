"""Journal keeps entries of a ledger in Postgres, until a published ledger has them."""

from collections.abc import Iterator

from ct_assets.store.postgres.lease import Lease

_WRITE = """
insert into ct_assets.journal (destination, sync, entry, fence, frame)
select destination, sync, %s, fence, %s from ct_assets.syncs
where (destination, sync, fence) = (%s, %s, %s)
on conflict do nothing
"""
_READ = """
select entry, frame from ct_assets.journal
where (destination, sync) = (%s, %s) and entry > %s order by entry limit 500
"""


class Journal:
    """The tail of the ledger of one sync, for whoever holds its lease.

    An entry is in Postgres before anything else has it, so what is known of a request does not
    depend on the disk of this host.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._name = (lease.destination, lease.sync)
        ((self.last,),) = lease.rows(
            "select coalesce(max(entry), 0) from ct_assets.journal"
            " where (destination, sync) = (%s, %s)",
            self._name,
        )

    def commit(self, *, durably: bool) -> None:
        """Whether entries outlive a power cut of the server, or only the death of this host."""
        self._lease.commit(durably=durably)

    def write(self, frame: bytes) -> None:
        """Adds an entry. It is committed once this returns, and the lock was held at that moment.

        Raises:
            LeaseLostError: Another host has taken the sync over.
            DatabaseError: The database was out of reach for too long.
        """
        entry = self.last + 1
        self._lease.put(_WRITE, (entry, frame, *self._name))
        self.last = entry

    def tail(self) -> Iterator[bytes]:
        """The entries that the published ledger does not have, in their order."""
        entry = 0
        while frames := self._lease.rows(_READ, (*self._name, entry)):
            for number, frame in frames:
                entry = number
                yield bytes(frame)
