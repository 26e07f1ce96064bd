"""StillAtWork says in a run's log what the run is at, before it is silent for five seconds."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Self

import dagster as dg

SILENT_SECONDS = 4.0
THREAD = "still at work"


class StillAtWork:
    """Speaks whenever the work looks up from it; with `beats`, from a thread of its own, too."""

    def __init__(
        self,
        log: Callable[[str], object],
        work: str,
        *,
        beats: bool = False,
        silent: float = SILENT_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`work`: the first thing that it is at, such as `customers: splitting rows`.

        An instance in memory takes no line of another thread than the one that made it: `beats` is
        for others.
        """
        self._log = log
        self._silent = silent
        self._now = now
        self._work = work
        self._since = self._said = now()
        self._turn = threading.RLock()
        self._ended = threading.Event()
        self._thread = (
            threading.Thread(target=self._beat, name=THREAD, daemon=True) if beats else None
        )

    def begin(self, work: str) -> None:
        """The next thing that it is at."""
        with self._turn:
            self.look()
            self._work = work
            self._since = self._said = self._now()

    def say(self, line: str) -> None:
        """A line of the work itself."""
        with self._turn:
            self._said = self._now()
            self._log(line)

    def look(self) -> None:
        """Says what the work is at, if nothing was said for long."""
        with self._turn:
            now = self._now()
            if now - self._said >= self._silent:
                self.say(f"{self._work}, for {now - self._since:.0f} s so far")

    def _beat(self) -> None:
        while not self._ended.wait(max(0.0, self._said + self._silent - self._now())):
            with contextlib.suppress(Exception):  # the work goes on without a line
                self.look()

    def __enter__(self) -> Self:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()
        if error is None:
            self.look()


def still_at_work(
    log: dg.DagsterLogManager, instance: dg.DagsterInstance, work: str
) -> StillAtWork:
    """For the log of a run that `instance` keeps."""
    return StillAtWork(log.info, work, beats=not instance.is_ephemeral)
