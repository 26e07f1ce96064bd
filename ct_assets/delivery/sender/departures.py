"""Departures notes requests that are about to leave; those that wait for the ledger go as one."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ct_assets.delivery.sender.outcome_policy import Ledger


@dataclass
class _Departure:
    batch: int
    rows: Sequence[int]
    noted: bool = False
    error: Exception | None = None


class Departures:
    """For any number of threads: whoever has the ledger's lock notes all who wait for it."""

    def __init__(self, ledger: Ledger, lock: threading.Lock) -> None:
        self._ledger = ledger
        self._lock = lock
        self._waiting: deque[_Departure] = deque()

    def note(self, batch: int, rows: Sequence[int]) -> None:
        """The request may leave once this returns.

        Raises:
            Exception: The ledger's: it could not be noted, or not be committed.
        """
        departure = _Departure(batch, rows)
        self._waiting.append(departure)
        with self._lock:
            if not departure.noted and departure.error is None:
                self._note_all()
        if departure.error is not None:
            raise departure.error

    def _note_all(self) -> None:
        """Those before one that fails may leave, if they can be committed."""
        group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        noted, failure = 0, None
        try:
            with self._ledger.together():
                for departure in group:
                    try:
                        self._ledger.sent(departure.batch, departure.rows)
                    except Exception as error:
                        failure = error
                        break
                    noted += 1
        except Exception as error:
            noted, failure = 0, error
        for departure in group[:noted]:
            departure.noted = True
        for departure in group[noted:]:
            departure.error = failure
