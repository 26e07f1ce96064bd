"""StillAtWork says in a run's log what the run is at, where it would be silent for long."""

import contextlib
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

SILENT_SECONDS = 4.0
_LOOK_SECONDS = 1.0


class StillAtWork:
    """Speaks for the time of a block, from a thread of its own; the work itself may speak, too."""

    def __init__(
        self,
        log: Callable[[str], object],
        work: str,
        *,
        now: Callable[[], float] = time.monotonic,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        """`work`: the first thing that it is at, such as `customers: splitting rows`."""
        self._log = log
        self._now = now
        self._look_seconds = look_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="still at work", daemon=True)
        self.begin(work)

    def begin(self, work: str) -> None:
        """The next thing that it is at."""
        self._work = work
        self._since = self._said = self._now()

    def say(self, line: str) -> None:
        """A line of the work itself."""
        self._said = self._now()
        self._log(line)

    def look(self) -> None:
        """Says what the work is at, if nothing was said for long."""
        now = self._now()
        if now - self._said >= SILENT_SECONDS:
            self.say(f"{self._work}, for {now - self._since:.0f} s so far")

    def _look(self) -> None:
        while not self._over.wait(self._look_seconds):
            with contextlib.suppress(Exception):  # the log is out of reach; the work is not ended
                self.look()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
