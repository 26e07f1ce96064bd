"""What tests of sending share: batches, a ledger that remembers, a clock that never waits."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import orjson

from ct_assets.clevertap.client import Answer, NoReply, Reply
from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.sender.batch import Batch
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.sender import send
from ct_assets.delivery.sender.worker import Uploader


class IdleClock:
    """Time passes only while the sender has nothing to do."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> None:
        self.time += 0.0 if event.is_set() else max(0.0, seconds)


LOST = NoReply("api.example.test", sent=True, why="the connection broke before the reply")


class Memory:
    """A ledger in memory that lets no acknowledged record be sent again."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, int, list[int]]] = []
        self.state: dict[tuple[int, int], str] = {}
        self.refusals: list[tuple[int, Refusal]] = []

    def together(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def sent(self, batch: int, rows: Sequence[int]) -> None:
        again = [row for row in rows if self.state.get((batch, row), "")[:5] in ("acked", "refus")]
        assert not again, f"records {again} of batch {batch} have their verdict already"
        self._note("sent", batch, rows)

    def acked(self, batch: int, rows: Sequence[int], refusals: Sequence[Refusal]) -> None:
        self._note("acked", batch, rows)
        for refusal in refusals:
            assert refusal.position in rows
            self.state[batch, refusal.position] = f"refused {refusal.code}"
            self.refusals.append((batch, refusal))

    def not_taken(self, batch: int, rows: Sequence[int]) -> None:
        self._note("not taken", batch, rows)

    def unknown(self, batch: int, rows: Sequence[int], why: str) -> None:
        assert why
        self._note("unknown", batch, rows)

    def _note(self, outcome: str, batch: int, rows: Sequence[int]) -> None:
        self.entries.append((outcome, batch, list(rows)))
        self.state.update({(batch, row): outcome for row in rows})

    def count(self) -> dict[str, int]:
        outcomes = list(self.state.values())
        return {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}


def record(identity: str, number: int) -> bytes:
    return b'{"type":"event","identity":"%s","ts":%d,"evtName":"Charged","evtData":{}}' % (
        identity.encode(),
        number,
    )


def batch_of(number: int, rows: int, *, lane: int | None = None, start: int = 1) -> Batch:
    records = [record(f"c-{number}-{row}", start + row) for row in range(rows)]
    return Batch(number, lane, rows, b'{"d":[' + b",".join(records) + b"]}")


def batches_of(count: int, rows: int = 10) -> list[Batch]:
    return [batch_of(number, rows) for number in range(count)]


def reply(status: int, value: object = None, retry_after: float = 0.0) -> Reply:
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return Reply("api.example.test", status, body, seconds=0.1, retry_after=retry_after)


def envelope(records: int, refusals: dict[int, int] | None = None) -> Reply:
    """CleverTap's answer to `records` records; `refusals` are codes by 0-based position."""
    unprocessed = [
        {
            "status": "fail",
            "code": code,
            "error": f"It is wrong. Skipped record number : {position + 1}",
            "record": {},
        }
        for position, code in (refusals or {}).items()
    ]
    processed = records - len(unprocessed)
    status = "success" if not unprocessed else "fail" if processed == 0 else "partial"
    return reply(200, {"status": status, "processed": processed, "unprocessed": unprocessed})


def records_in(body: bytes) -> list[dict[str, object]]:
    records: list[dict[str, object]] = orjson.loads(body)["d"]
    return records


class Upload(NamedTuple):
    number: int
    """How many came before it."""
    records: list[dict[str, object]]


class Scripted:
    """Answers each upload as `script` says, or as a healthy server; keeps what arrived."""

    def __init__(self, script: Callable[[Upload], Answer | None]) -> None:
        self.script = script
        self.bodies: list[bytes] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = threading.Lock()

    def upload(self, body: bytes) -> Answer:
        with self._lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        records = records_in(body)
        answer = self.script(Upload(number, records)) or envelope(len(records))
        with self._lock:
            self._in_flight -= 1
        return answer


def sending(
    batches: Iterable[Batch],
    client: Uploader,
    tmp_path: Path,
    *,
    ledger: Memory | None = None,
    on_unknown: Literal["resend", "park"] = "resend",
    stop: threading.Event | None = None,
    clock: IdleClock | None = None,
    retry: Retry | None = None,
    progress: Callable[[SendStats], object] = lambda _: None,
) -> tuple[SendStats, Memory]:
    ledger = ledger or Memory()
    sent = send(
        batches,
        client,
        ledger,
        slots=AccountSlots(tmp_path / "slots", 15),
        rng=Random(1),
        stop=stop or threading.Event(),
        on_unknown=on_unknown,
        retry=retry,
        clock=clock or IdleClock(),
        progress=progress,
    )
    return sent, ledger


def in_lanes(lanes: int, per_lane: int) -> list[Batch]:
    """Batches of two events; a lane is one identity, whose events are numbered by `ts`."""
    batches: list[Batch] = []
    for step in range(per_lane):
        for lane in range(lanes):
            records = [record(f"c-{lane}", 2 * step + row + 1) for row in range(2)]
            body = b'{"d":[' + b",".join(records) + b"]}"
            batches.append(Batch(len(batches), lane, 2, body))
    return batches
