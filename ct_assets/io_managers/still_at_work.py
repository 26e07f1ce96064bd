"""StillAtWork says in a run's log what the run is at, whenever the work looks up from it."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

SILENT_SECONDS = 4.0


class StillAtWork:
    """Speaks from the thread of the work alone: an instance in memory takes no line of another."""

    def __init__(
        self,
        log: Callable[[str], object],
        work: str,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`work`: the first thing that it is at, such as `customers: splitting rows`."""
        self._log = log
        self._now = now
        self._work = work
        self._since = self._said = now()

    def begin(self, work: str) -> None:
        """The next thing that it is at."""
        self.look()
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.look()
