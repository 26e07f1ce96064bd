"""HostsSlots limits an account's requests in flight over all hosts that share a store."""

import contextlib
import threading
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from ct_assets.clevertap.contract import MAX_IN_FLIGHT, MAX_IN_FLIGHT_OTHER
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery.sender.limits.account_slots import (
    AccountSlots,
    account_label,
    other_slots,
    upload_slots,
)
from ct_assets.store.postgres.shared_slots import SharedSlots, slots_of
from ct_assets.store.store_settings import shared_store


class Slots(Protocol):
    def slot(self, stop: threading.Event) -> contextlib.AbstractContextManager[bool]:
        """Waits for a slot and holds it; False, with no slot, if `stop` is set before."""


class HostsSlots(NamedTuple):
    """A slot of each: other processes of this host may know nothing of the store."""

    here: AccountSlots
    shared: SharedSlots

    @contextlib.contextmanager
    def slot(self, stop: threading.Event) -> Iterator[bool]:
        with self.here.slot(stop) as is_here:
            if not is_here:
                yield False
                return
            with self.shared.slot(stop) as is_held:
                yield is_held


def are_held(slots: Slots) -> bool:
    """Whether no other host can have a slot that this process holds; locks on files do not go."""
    return not isinstance(slots, HostsSlots) or slots.shared.are_held()


def uploads(destination: Destination) -> Slots:
    """Those for uploads to an account, of this host, or of all hosts where they share a store."""
    return _of(upload_slots(destination), destination, "upload", MAX_IN_FLIGHT)


def others(destination: Destination) -> Slots:
    """Those for its other calls."""
    return _of(other_slots(destination), destination, "other", MAX_IN_FLIGHT_OTHER)


def _of(here: AccountSlots, destination: Destination, kind: str, size: int) -> Slots:
    store = shared_store()
    if store is None:
        return here
    return HostsSlots(here, slots_of(store, account_label(destination.name), kind, size))
