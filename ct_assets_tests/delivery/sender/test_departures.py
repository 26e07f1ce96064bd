import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.sender.departures import Departures


class FullError(Exception):
    pass


class Commits:
    """A ledger that keeps the batches of each commit; some fail."""

    def __init__(self, failing: int | None = None, *, commits: bool = True) -> None:
        self.failing, self.commits = failing, commits
        self.committed: list[list[int]] = []
        self._open: list[int] = []

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        yield
        if not self.commits:
            raise FullError
        self.committed.append(self._open)
        self._open = []

    def sent(self, batch: int, _: Sequence[int]) -> None:
        if batch == self.failing:
            raise FullError
        self._open.append(batch)

    def acked(self, batch: int, rows: Sequence[int], refusals: Sequence[Refusal]) -> None: ...
    def not_taken(self, batch: int, rows: Sequence[int]) -> None: ...
    def unknown(self, batch: int, rows: Sequence[int], why: str) -> None: ...


class WatchedLock:
    """A lock that tells each time somebody comes to it."""

    def __init__(self) -> None:
        self.lock, self.came = threading.Lock(), threading.Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def left(ledger: Commits) -> list[bool]:
    """Whether each of three requests, which waited for the ledger in turn, may leave."""
    lock = WatchedLock()
    departures = Departures(ledger, lock)  # type: ignore[arg-type]
    with ThreadPoolExecutor(3) as pool:
        with lock.lock:
            futures = []
            for batch in range(3):
                futures.append(pool.submit(departures.note, batch, range(5)))
                lock.came.acquire()
        return [future.exception() is None for future in futures]


@pytest.mark.parametrize(
    ("ledger", "may_leave", "committed"),
    [
        (Commits(), [True, True, True], [[0, 1, 2]]),
        (Commits(failing=1), [True, False, False], [[0]]),
        (Commits(failing=0), [False, False, False], [[]]),
        (Commits(commits=False), [False, False, False], []),
        (Commits(failing=1, commits=False), [False, False, False], []),
    ],
    ids=["all", "one fails", "the first fails", "no commit", "one fails and no commit"],
)
def test_requests_that_wait_for_the_ledger_are_one_commit(
    ledger: Commits, may_leave: list[bool], committed: list[list[int]]
) -> None:
    assert left(ledger) == may_leave
    assert ledger.committed == committed


def test_one_after_another_is_a_commit_each() -> None:
    ledger = Commits()
    departures = Departures(ledger, threading.Lock())

    for batch in range(2):
        departures.note(batch, range(5))

    assert ledger.committed == [[0], [1]]
