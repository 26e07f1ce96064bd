"""OutcomePolicy turns a verdict into ledger entries, and says whether the batch leaves again."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple, Protocol, assert_never

from ct_assets.clevertap.client import Answer, Reply
from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.clevertap.verdicts import (
    TRANSIENT_CODES,
    Acked,
    Denied,
    Malformed,
    NotTaken,
    Refusal,
    Unknown,
    Verdict,
)
from ct_assets.delivery.sender.batch import Work
from ct_assets.delivery.sender.limits.refusal_limit import RefusalLimit
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.send_stats import SendStats

MALFORMED_IN_A_ROW = 2 * MAX_IN_FLIGHT * 18
"""Requests refused as a whole, and nothing acked between, after which the server refuses all.

Thirty batches of 1000 may be under way. With a bad record at the start of each, each draws twelve
before the first ack, and up to six more by the repeats of that record.
"""

UNKNOWN_IN_A_ROW = 2 * MAX_IN_FLIGHT
"""Batches left unknown, and nothing acked between, after which no more are risked."""


class Ledger(Protocol):
    """Keeps outcomes. `rows` are positions within the batch; the latest entry of a row holds.

    Called by one thread at a time. Any error of a method ends the sending.
    """

    def together(self) -> contextlib.AbstractContextManager[None]:
        """The entries of a block are as durable as one alone once it has ended."""

    def sent(self, batch: int, rows: Sequence[int]) -> None:
        """Durable once it returns; the request leaves after that."""

    def acked(self, batch: int, rows: Sequence[int], refusals: Sequence[Refusal]) -> None:
        """`rows` have their verdicts: stored, except those in `refusals`."""

    def not_taken(self, batch: int, rows: Sequence[int]) -> None: ...

    def unknown(self, batch: int, rows: Sequence[int], why: str) -> None: ...


class Finished(NamedTuple):
    """Every record that was sent has its outcome."""


class Again(NamedTuple):
    """The batch, or what is left of it, leaves again after `seconds`."""

    seconds: float


class Open(NamedTuple):
    """No outcome in this run: nothing behind it in its lane may leave."""


NextStep = Finished | Again | Open


@dataclass(kw_only=True)
class OutcomePolicy:
    ledger: Ledger
    stats: SendStats
    retry: Retry
    rng: Random
    on_unknown: Literal["resend", "park"]
    limit: RefusalLimit = field(default_factory=RefusalLimit)
    _reached: bool = False
    _last_ack: float = float("-inf")
    _passed: float = float("-inf")
    """When the latest of all acked requests was handed to a worker."""
    _malformed: int = 0
    _alone_since: float | None = None
    """When the first record alone was refused, of those refused since the last ack."""
    _unknown: int = 0
    _alone: list[tuple[int, Sequence[int]]] = field(default_factory=list)

    def record(self, work: Work, answer: Answer, verdict: Verdict, now: float) -> NextStep:
        self._reached = self._reached or isinstance(answer, Reply)
        match verdict:
            case Acked():
                return self._acked(work, verdict, now)
            case NotTaken():
                return self._not_taken(work, verdict, now)
            case Unknown():
                return self._lost(work, verdict, answer.host, now)
            case Malformed():
                return self._refused_whole(work, verdict, answer.host, now)
            case Denied():
                self.ledger.not_taken(work.batch.number, work.rows)
                return self._end(verdict.why)
            case _:
                assert_never(verdict)

    def _acked(self, work: Work, verdict: Acked, now: float) -> NextStep:
        self._last_ack, self._malformed, self._unknown = now, 0, 0
        self._passed, self._alone_since = max(self._passed, work.posted), None
        self._alone.clear()
        rows, left = work.rows, self._transient(work, verdict.refusals)
        refusals: Sequence[Refusal] = verdict.refusals
        if left or len(rows) != work.batch.rows:
            refusals = [
                Refusal(rows[refusal.position], refusal.code, refusal.message)
                for refusal in verdict.refusals
                if rows[refusal.position] not in left
            ]
        judged = [row for row in rows if row not in left] if left else rows
        if judged:
            self.ledger.acked(work.batch.number, judged, refusals)
        self.stats.acked += len(judged) - len(refusals)
        self.stats.refused += len(refusals)
        self._check_limit(work, refusals)
        if not left:
            return Finished()
        work.narrow(sorted(left))
        self.ledger.not_taken(work.batch.number, work.rows)
        work.repeats += 1
        return self._again(work, now) or Open()

    def _transient(self, work: Work, refusals: Sequence[Refusal]) -> set[int]:
        """The records that are worth a repeat, as positions within the batch."""
        if work.repeats >= self.retry.transient_repeats:
            return set()
        return {work.rows[r.position] for r in refusals if r.code in TRANSIENT_CODES}

    def _not_taken(self, work: Work, verdict: NotTaken, now: float) -> NextStep:
        self.ledger.not_taken(work.batch.number, work.rows)
        self.stats.waits_429 += verdict.reached
        again = self._again(work, now, floor=verdict.retry_after)
        if not again and not self.stats.stopped:
            self.stats.passing = self._reached
        asked = verdict.retry_after > self.retry.patience
        wait = f", to be repeated after {verdict.retry_after:.0f} s" if asked else ""
        return again or self._give_up(work, f"{verdict.why}{wait}", passing=self._reached)

    def _lost(self, work: Work, verdict: Unknown, host: str, now: float) -> NextStep:
        self.ledger.unknown(work.batch.number, work.rows, verdict.why)
        self.stats.unknown += len(work.rows)
        if self.on_unknown == "resend":
            work.resends += 1
            again = self._again(work, now, floor=verdict.retry_after, base=self.retry.lost_base)
            if again and work.resends <= self.retry.resends:
                work.lost = True
                return again
        self._unknown += 1
        why = f"{host} gave no usable answer ({verdict.why})"
        if self._unknown >= UNKNOWN_IN_A_ROW:
            return self._end(f"{why}, {self._unknown} batches in a row")
        return Finished() if self.on_unknown == "park" else self._give_up(work, why)

    def _refused_whole(self, work: Work, verdict: Malformed, host: str, now: float) -> NextStep:
        """Halves until the bad record stands alone.

        A server that refuses everything for a while says nothing about the records. So, unless
        something was acked in between, the halves wait; and a record alone is bad only if it is
        refused again after that, or if nothing else is acked for the length of a spell.
        With k bad records among n, a batch takes at most 2 + 2k⌈log2 n⌉ requests, and at most 2n,
        and for each bad record up to five more.
        """
        self._malformed += 1
        if self._malformed >= MALFORMED_IN_A_ROW:
            return self._refuses_all(work, verdict, host)
        earlier = work.malformed
        passing = earlier is not None and self._passed > earlier
        if earlier is None or not work.repeats:
            work.malformed = now
        if len(work.rows) == 1:
            if verdict.status != 400 or (passing and work.repeats):
                return self._stands_alone(work, verdict)
            return self._alone_again(work, now) or self._stands_alone(work, verdict)
        self.ledger.not_taken(work.batch.number, work.rows)
        if verdict.status == 400 and earlier is None:
            return self._again(work, now) or self._give_up(work, f"{host} answers HTTP 400")
        work.halve()
        return Again(0.0 if passing or verdict.status != 400 else self.retry.delay(0, self.rng))

    def _alone_again(self, work: Work, now: float) -> Again | None:
        """None when this, and whatever else was refused alone, has been refused for too long."""
        self._alone_since = now if self._alone_since is None else self._alone_since
        if now - self._alone_since >= self.retry.spell:
            return None
        again = self._again(work, now, floor=self.retry.base * 2.0**work.repeats)
        if again:
            work.repeats += 1
            self.ledger.not_taken(work.batch.number, work.rows)
        return again

    def _stands_alone(self, work: Work, verdict: Malformed) -> Finished:
        refusal = Refusal(work.rows[0], verdict.status, verdict.why)
        self.ledger.acked(work.batch.number, work.rows, (refusal,))
        self.stats.refused += 1
        self._check_limit(work, (refusal,))
        self._alone.append((work.batch.number, work.rows))
        return Finished()

    def _refuses_all(self, work: Work, verdict: Malformed, host: str) -> Open:
        """Takes back the refusals of single records since the last ack."""
        self.stats.refused -= len(self._alone)
        for batch, rows in (*self._alone, (work.batch.number, work.rows)):
            self.ledger.not_taken(batch, rows)
        self._alone.clear()
        return self._end(
            f"{host} refuses every request (HTTP {verdict.status}), {self._malformed} in a row"
        )

    def _again(
        self, work: Work, now: float, *, floor: float = 0.0, base: float | None = None
    ) -> Again | None:
        """None when the batch has been failing for too long."""
        seconds = self.retry.wait(
            work.failures, now, self.rng, reached=self._reached, floor=floor, base=base
        )
        return None if seconds is None else Again(seconds)

    def _give_up(self, work: Work, why: str, *, passing: bool = False) -> Open:
        """Ends everything, unless other batches got through while this one did not."""
        failing_since = work.failures.since
        if failing_since is None or self._last_ack < failing_since:
            self._end(why, passing=passing)
        return Open()

    def _check_limit(self, work: Work, refusals: Sequence[Refusal]) -> None:
        if why := self.limit.broken(work, refusals, self.stats):
            self._end(why)

    def _end(self, why: str, *, passing: bool = False) -> Open:
        """Ends the sending; the first reason stays, whatever requests in flight are answered."""
        if not self.stats.stopped:
            self.stats.stopped, self.stats.passing = why, passing
        return Open()
