"""Worker makes one request: its place in the window, its slot, its ledger entry, its verdict."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from ct_assets.clevertap import verdicts
from ct_assets.clevertap.client import Answer
from ct_assets.clevertap.verdicts import Acked, NotTaken, Unknown, Verdict
from ct_assets.delivery.sender.departures import Departures
from ct_assets.delivery.sender.limits.congestion_window import CongestionWindow
from ct_assets.delivery.sender.limits.hosts_slots import Slots
from ct_assets.delivery.sender.outcome_policy import Ledger


class Uploader(Protocol):
    def upload(self, body: bytes) -> Answer: ...


class Exchange(NamedTuple):
    """A request that left, and its answer."""

    answer: Answer
    verdict: Verdict
    size: int
    """Bytes of the request's body."""
    entered: int
    """The round of the window, in which a place is kept until the outcome is in the ledger."""


class Worker:
    """Serves any number of threads."""

    def __init__(
        self,
        client: Uploader,
        ledger: Ledger,
        slots: Slots,
        window: CongestionWindow,
        stop: threading.Event,
    ) -> None:
        self.window = window
        self.ledger_lock = threading.Lock()
        self._client = client
        self._departures = Departures(ledger, self.ledger_lock)
        self._slots = slots
        self._stop = stop
        self._ending = threading.Event()
        self._counting = threading.Lock()
        self._slots_in_use = 0

    @property
    def slots_in_use(self) -> int:
        return self._slots_in_use

    def post(self, batch: int, rows: Sequence[int], body: bytes) -> Exchange | None:
        """None if the request did not leave, because the sending is ending."""
        entered = self.window.enter()
        if entered is None:
            return None
        exchange = None
        try:
            with self._slots.slot(self._ending) as held:
                if not held or self._ending.is_set() or self._stop.is_set():
                    return None
                self._departures.note(batch, rows)
                with self._one_more_in_use():
                    answer = self._client.upload(body)
            verdict = verdicts.read(answer, len(rows), body)
            exchange = Exchange(answer, verdict, len(body), entered)
            return exchange
        finally:
            if exchange is None:
                self.window.leave(entered, congested=None)

    @contextlib.contextmanager
    def _one_more_in_use(self) -> Iterator[None]:
        with self._counting:
            self._slots_in_use += 1
        try:
            yield
        finally:
            with self._counting:
                self._slots_in_use -= 1

    def leave_window(self, exchange: Exchange) -> None:
        """Called once the outcome is in the ledger.

        So a kill leaves no more batches in doubt than may be in flight.
        """
        self.window.leave(exchange.entered, congested=_congested(exchange.verdict))

    def end(self) -> None:
        """Lets no more requests leave."""
        self._ending.set()
        self.window.close()


def _congested(verdict: Verdict) -> bool | None:
    match verdict:
        case Acked():
            return False
        case Unknown() | NotTaken(reached=True):
            return True
        case _:
            return None
