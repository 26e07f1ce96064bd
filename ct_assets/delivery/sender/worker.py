"""One request: its place in the window, its slot, its entry in the ledger, its verdict."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from ct_assets.clevertap import verdicts
from ct_assets.clevertap.client import Answer
from ct_assets.clevertap.verdicts import Acked, NotTaken, Unknown, Verdict
from ct_assets.delivery.sender.congestion_window import CongestionWindow
from ct_assets.delivery.sender.outcome_policy import Ledger


class Uploader(Protocol):
    def upload(self, body: bytes) -> Answer: ...


class SlotSource(Protocol):
    def slot(self, stop: threading.Event) -> AbstractContextManager[bool]: ...


class Done(NamedTuple):
    answer: Answer
    verdict: Verdict
    size: int
    entered: int
    """The place in the window, which is kept until the outcome is in the ledger."""


class Poster:
    """Makes requests, in any number of threads."""

    def __init__(
        self,
        client: Uploader,
        ledger: Ledger,
        slots: SlotSource,
        window: CongestionWindow,
        stop: threading.Event,
    ) -> None:
        self.window = window
        self.lock = threading.Lock()
        self._client = client
        self._ledger = ledger
        self._slots = slots
        self._stop = stop
        self._ending = threading.Event()

    def post(self, batch: int, rows: Sequence[int], body: bytes) -> Done | None:
        """None if the request did not leave, because the sending is ending."""
        entered = self.window.enter()
        if entered is None:
            return None
        done = None
        try:
            with self._slots.slot(self._ending) as held:
                if not held or self._ending.is_set() or self._stop.is_set():
                    return None
                with self.lock:
                    self._ledger.sent(batch, rows)
                answer = self._client.upload(body)
            done = Done(answer, verdicts.read(answer, len(rows), body), len(body), entered)
            return done
        finally:
            if done is None:
                self.window.leave(entered, congested=None)

    def recorded(self, done: Done) -> None:
        """Gives the place back: a kill leaves no more batches in doubt than may be in flight."""
        self.window.leave(done.entered, congested=_congested(done.verdict))

    def end(self) -> None:
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
