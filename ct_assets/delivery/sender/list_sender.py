"""The list sender brings a segment's list to CleverTap: asks for a URL, puts the file, commits it.

Nothing is stored before the commit, so the ledger notes that one alone. A list is replaced as a
whole, so that a commit may be repeated when its answer was lost. With `replace: false` the first
one may have made the list that refuses the second: then a person has to look.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from ct_assets.clevertap.client import Answer, Client, NoReply, Reply
from ct_assets.clevertap.presigned_url import usable
from ct_assets.clevertap.verdicts import (
    Acked,
    Denied,
    Malformed,
    NotTaken,
    Unknown,
    Verdict,
    read_status,
)
from ct_assets.delivery.delivery_request import CustomList
from ct_assets.delivery.sender.limits.hosts_slots import Slots
from ct_assets.delivery.sender.limits.retry import Failures, Retry
from ct_assets.delivery.sender.list_file import ListFile
from ct_assets.delivery.sender.outcome_policy import Ledger
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.sender import SendClock

BATCH = 0
"""The one batch that a list is."""


@dataclass(kw_only=True)
class ListSender:
    file: ListFile
    named: CustomList
    client: Client
    ledger: Ledger
    slots: Slots
    stats: SendStats
    retry: Retry
    rng: Random
    clock: SendClock
    stop: threading.Event
    _url: str | None = None
    """Where the file lies, once it was put."""
    _reached: bool = False
    _doubted: bool = False
    """Whether the answer to a commit was lost."""
    _failures: Failures = field(default_factory=Failures)

    def send(self) -> None:
        """Returns when the list is committed, or with `stats.stopped`."""
        started = self.clock.now()
        try:
            self._send()
        finally:
            self.stats.seconds += self.clock.now() - started
            self.stats.conclude()

    def _send(self) -> None:
        lost = 0
        while not self.stop.is_set():
            verdict = self._attempt()
            match verdict:
                case Acked():
                    self.stats.acked, self.stats.unknown = self.file.members, 0
                    return
                case Denied() | Malformed():
                    self.stats.stopped = verdict.why
                    return
                case Unknown():
                    lost += 1
                    self._doubted = True
            seconds = self._wait(verdict.retry_after)
            if seconds is None or lost > self.retry.resends:
                self.stats.stopped = f"{self.client.destination.host}: {verdict.why}"
                self.stats.passing = self._reached and isinstance(verdict, NotTaken)
                return
            self.clock.wait(self.stop, seconds)
        self.stats.stopped = "stopped on request"

    def _wait(self, floor: float) -> float | None:
        now, reached = self.clock.now(), self._reached
        return self.retry.wait(self._failures, now, self.rng, reached=reached, floor=floor)

    def _attempt(self) -> Verdict:
        if self._url is None:
            url = self._ask()
            if not isinstance(url, str):
                return url
            stored = self._count(self.client.put_file(url, self.file.parts(), self.file.size))
            self.stats.bytes += self.file.size
            if not isinstance(stored, Reply) or not 200 <= stored.status < 300:
                return NotTaken(_not_stored(stored), reached=not isinstance(stored, NoReply))
            self._url = url
        return self._commit(self._url)

    def _ask(self) -> str | Verdict:
        answer = self._call(self.client.list_url)
        if answer is None:
            return NotTaken("stopped on request")
        verdict = read_status(answer)
        if isinstance(verdict, Unknown):  # nothing is stored for being asked
            return NotTaken(f"no URL for the list ({verdict.why})", verdict.retry_after)
        if not isinstance(verdict, Acked):
            return verdict
        url = _object(answer).get("presignedS3URL")
        if not usable(url):
            return Denied(
                "CleverTap gave no URL that starts with https:// for the list, and nothing was put"
            )
        return str(url)

    def _commit(self, url: str) -> Verdict:
        rows = range(self.file.rows)

        def commit() -> Answer:
            self.ledger.sent(BATCH, rows)
            return self.client.commit_list(self._body(url))

        answer = self._call(commit)
        if answer is None:
            return NotTaken("stopped on request")
        verdict = self._judged(answer)
        match verdict:
            case Acked():
                self.ledger.acked(BATCH, rows, ())
            case Unknown():
                self.ledger.unknown(BATCH, rows, verdict.why)
                self.stats.unknown = self.file.members
            case Denied() if self._is_taken(answer) and self._doubted:
                self.ledger.unknown(BATCH, rows, verdict.why)
            case _:
                self.ledger.not_taken(BATCH, rows)
                self.stats.unknown = 0
        return verdict

    def _body(self, url: str) -> bytes:
        return orjson.dumps(
            {
                "name": self.named.name,
                "email": self.named.email,
                "filename": f"{self.named.name}.csv",
                "creator": self.named.creator,
                "url": url,
                "replace": self.named.replace,
            }
        )

    def _judged(self, answer: Answer) -> Verdict:
        """The list is refused for good wherever CleverTap says why, in an error of its own."""
        verdict, why = read_status(answer), _object(answer).get("error")
        conflict = isinstance(answer, Reply) and answer.status == 409
        refused = isinstance(answer, Reply) and 200 <= answer.status < 300 and isinstance(why, str)
        if self._is_taken(answer):
            return Denied(self._taken())
        if isinstance(verdict, Malformed):
            return Denied(f"CleverTap did not take the list: {verdict.why}")
        if isinstance(verdict, Unknown) and (conflict or refused):
            return Denied(f"CleverTap did not take the list: {why or 'HTTP 409'}")
        return verdict

    def _is_taken(self, answer: Answer) -> bool:
        return "duplicate_name" in str(_object(answer).get("error"))

    def _taken(self) -> str:
        name = repr(self.named.name)
        if self._doubted:
            return (
                f"CleverTap has a list named {name}, which may be the one that was just sent: the "
                "answer to it was lost. Look at its members in CleverTap's dashboard; to send the "
                "list again, write `replace: true`, or another name"
            )
        return (
            f"CleverTap has a list named {name}, and the segment has `replace: false`: write "
            "`replace: true`, or another name"
        )

    def _call(self, request: Callable[[], Answer]) -> Answer | None:
        """None if it did not leave, because the sending is to stop."""
        with self.slots.slot(self.stop) as held:
            return self._count(request()) if held else None

    def _count(self, answer: Answer) -> Answer:
        self.stats.requests += 1
        if isinstance(answer, Reply):
            self._reached = True
            self.stats.waits_429 += answer.status == 429
            self.stats.latencies.add(answer.seconds)
        return answer


def _not_stored(answer: Answer) -> str:
    if isinstance(answer, NoReply):
        return f"the file of the list did not arrive at {answer.host} ({answer.why})"
    return f"{answer.host} did not store the file of the list (HTTP {answer.status})"


def _object(answer: Answer) -> dict[str, Any]:
    try:
        value = orjson.loads(answer.body) if isinstance(answer, Reply) else None
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
