"""CongestionWindow limits the requests in flight to as many as the server can take."""

import threading

from ct_assets.clevertap.contract import MAX_IN_FLIGHT

SHRINK = 0.7


class CongestionWindow:
    """Shrinks when the server is congested, grows with every success. For any number of threads.

    Requests in flight together also fail together, so those that left before the window last
    shrank do not shrink it again.
    """

    def __init__(self, limit: int = MAX_IN_FLIGHT) -> None:
        self.limit = limit
        self.smallest = limit
        self._size = float(limit)
        self._in_flight = 0
        self._round = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        return int(self._size)

    def enter(self) -> int | None:
        """Waits for room; returns the round to leave with, or None once the window is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._in_flight < self.size)
            if self._closed:
                return None
            self._in_flight += 1
            return self._round

    def leave(self, entered: int, *, congested: bool | None) -> None:
        """`congested` is None where the answer says nothing about the server's load."""
        with self._changed:
            self._in_flight -= 1
            if congested is False:
                self._size = min(float(self.limit), self._size + 1.0 / self._size)
            elif congested and entered == self._round:
                self._size = max(1.0, self._size * SHRINK)
                self._round += 1
                self.smallest = min(self.smallest, self.size)
            self._changed.notify(max(0, self.size - self._in_flight))

    def close(self) -> None:
        """Nobody enters any more, and those who wait give up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
