"""The sender sends batches, and has each outcome written down before the next request leaves.

The main thread reads batches and records outcomes; a worker records `sent` just before its request.
"""

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Literal, Protocol

from ct_assets.clevertap.client import Reply
from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.delivery.sender.batch import Batch, Work
from ct_assets.delivery.sender.lanes import LaneQueue
from ct_assets.delivery.sender.limits.congestion_window import CongestionWindow
from ct_assets.delivery.sender.limits.hosts_slots import Slots
from ct_assets.delivery.sender.limits.refusal_limit import RefusalLimit
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.outcome_policy import Again, Ledger, NextStep, Open, OutcomePolicy
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.worker import Exchange, Uploader, Worker

UNDER_WAY = 2 * MAX_IN_FLIGHT
"""Batches between their first request and their outcome: in flight, ready to go, or waiting."""

TICK_SECONDS = 0.2
"""How soon a stop is noticed while requests are in flight."""


class SendClock(Protocol):
    def now(self) -> float:
        """Seconds from some moment in the past."""

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Returns early when the event is set."""


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> None:
        event.wait(seconds)


def send(
    batches: Iterable[Batch],
    client: Uploader,
    ledger: Ledger,
    *,
    slots: Slots,
    rng: Random,
    stop: threading.Event,
    on_unknown: Literal["resend", "park"] = "resend",
    retry: Retry | None = None,
    limit: RefusalLimit | None = None,
    window: CongestionWindow | None = None,
    clock: SendClock | None = None,
    stats: SendStats | None = None,
    progress: Callable[[SendStats], object] = lambda _: None,
) -> SendStats:
    """Returns when every batch has its outcome, or with `stopped` when no more can have one.

    `on_unknown` says what follows a lost answer: the batch leaves again, which may store it twice,
    or it stays as it is and its lane goes on. Setting `stop` finishes and records the requests in
    flight. A batch that comes to no outcome halts its lane. Counts are added to `stats`.
    """
    stats = stats or SendStats()
    clock = clock or SystemClock()
    policy = OutcomePolicy(
        ledger=ledger,
        stats=stats,
        retry=retry or Retry(),
        rng=rng,
        on_unknown=on_unknown,
        limit=limit or RefusalLimit(),
    )
    worker = Worker(client, ledger, slots, window or CongestionWindow(), stop)
    started = clock.now()
    try:
        _MainThread(LaneQueue(batches), worker, policy, clock, stop, progress).run()
    finally:
        stats.seconds += clock.now() - started
    return stats


class _MainThread:
    """Each batch under way is in exactly one place: `_posted`, with its worker, or `_later`."""

    def __init__(
        self,
        batches: LaneQueue,
        worker: Worker,
        policy: OutcomePolicy,
        clock: SendClock,
        stop: threading.Event,
        progress: Callable[[SendStats], object],
    ) -> None:
        self._batches = batches
        self._worker = worker
        self._policy = policy
        self._stats = policy.stats
        self._clock = clock
        self._stop = stop
        self._progress = progress
        self._posted: dict[Future[Exchange | None], Work] = {}
        self._finished: queue.SimpleQueue[Future[Exchange | None]] = queue.SimpleQueue()
        self._later: list[tuple[float, int, Work]] = []
        self._ticket = itertools.count()

    def run(self) -> None:
        with ThreadPoolExecutor(MAX_IN_FLIGHT, thread_name_prefix="upload") as pool:
            try:
                while self._is_left() and not self._stats.stopped and not self._stop.is_set():
                    self._post_all(pool)
                    self._wait()
            finally:
                self._drain(pool)
        if self._is_left() and not self._stats.stopped:
            self._stats.stopped = "stopped on request"
        self._stats.conclude()

    def _is_left(self) -> bool:
        return bool(self._posted or self._later or not self._batches.exhausted)

    def _post_all(self, pool: ThreadPoolExecutor) -> None:
        while len(self._posted) < UNDER_WAY and (work := self._next()):
            if work.lost:
                self._stats.unknown -= len(work.rows)
                work.lost = False
            work.posted = self._clock.now()
            future = pool.submit(self._worker.post, work.batch.number, work.rows, work.body())
            self._posted[future] = work
            future.add_done_callback(self._finished.put)

    def _next(self) -> Work | None:
        if self._later and self._later[0][0] <= self._clock.now():
            return heapq.heappop(self._later)[2]
        if len(self._posted) + len(self._later) >= UNDER_WAY:
            return None
        batch = self._batches.take()
        return Work(batch) if batch else None

    def _wait(self) -> None:
        """Waits until a request is answered, or a batch may leave again."""
        due = self._later[0][0] - self._clock.now() if self._later else TICK_SECONDS
        if self._posted:
            try:
                first = self._finished.get(timeout=max(0.0, min(due, TICK_SECONDS)))
            except queue.Empty:
                return
            self._record([first, *self._others()])
        elif self._later:
            self._clock.wait(self._stop, due)

    def _others(self) -> Iterator[Future[Exchange | None]]:
        """Requests that have been answered by now: their outcomes are noted together."""
        for _ in range(self._finished.qsize()):
            yield self._finished.get()

    def _record(self, futures: Iterable[Future[Exchange | None]]) -> None:
        steps: list[tuple[Work, Exchange, NextStep]] = []
        try:
            with self._worker.ledger_lock, self._policy.ledger.together():
                for future in futures:
                    work = self._posted.pop(future)
                    exchange = None if future.cancelled() else future.result()
                    if exchange is None:
                        self._again(work, 0.0)
                        continue
                    answer, verdict = exchange.answer, exchange.verdict
                    step = self._policy.record(work, answer, verdict, self._clock.now())
                    steps.append((work, exchange, step))
                    self._count(exchange)
                    self._progress(self._stats)
        finally:
            if self._stats.stopped:
                self._worker.end()  # before others find a place in the window
            for work, exchange, step in steps:
                self._worker.leave_window(exchange)
                self._go_on(work, step)

    def _go_on(self, work: Work, step: NextStep) -> None:
        match step:
            case Again(seconds):
                self._again(work, seconds)
            case Open() if work.batch.lane is not None:
                self._batches.halt(work.batch.lane)
            case _:
                self._finish_part(work)

    def _finish_part(self, work: Work) -> None:
        work.finish()
        if work.done:
            self._batches.release(work.batch.lane)
        else:
            self._again(work, 0.0)

    def _again(self, work: Work, seconds: float) -> None:
        heapq.heappush(self._later, (self._clock.now() + seconds, next(self._ticket), work))

    def _count(self, exchange: Exchange) -> None:
        self._stats.requests += 1
        self._stats.bytes += exchange.size
        self._stats.window = self._worker.window.size
        self._stats.smallest_window = self._worker.window.smallest
        self._stats.slots = self._worker.slots_in_use
        self._stats.latency = None
        if isinstance(exchange.answer, Reply):
            self._stats.latency = exchange.answer.seconds
            self._stats.latencies.add(exchange.answer.seconds)

    def _drain(self, pool: ThreadPoolExecutor) -> None:
        """Requests in flight are finished and recorded, whatever ended the loop."""
        self._worker.end()
        pool.shutdown(cancel_futures=True)
        errors = []
        for future in list(self._posted):
            try:
                self._record([future])
            except Exception as error:  # the others are recorded all the same
                errors.append(error)
        if errors:
            raise errors[0]
