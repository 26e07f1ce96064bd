"""Batch holds the records of an upload; Work sends it in parts where it cannot leave whole."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from ct_assets.delivery.sender.limits.retry import Failures

OPENING, CLOSING = b'{"d":[', b"]}"


class Batch(NamedTuple):
    number: int
    lane: int | None
    """None where order does not matter."""
    rows: int
    body: bytes


class Work:
    """A batch under way, part by part, so that no two requests hold records of one batch."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._parts: list[Sequence[int]] = [range(batch.rows)]
        self._records: list[bytes] | None = None
        self.posted = float("-inf")
        """When the current part was last handed to a worker."""
        self.malformed: float | None = None
        """When the current part, or the one that it is a half of, was first refused as a whole."""
        self._start_part()

    def _start_part(self) -> None:
        self.failures = Failures()
        self.repeats = 0
        self.resends = 0
        self.lost = False

    @property
    def rows(self) -> Sequence[int]:
        """Positions, within the batch, of the records to be sent next."""
        return self._parts[-1]

    @property
    def done(self) -> bool:
        return not self._parts

    def body(self) -> bytes:
        if len(self.rows) == self.batch.rows:
            return self.batch.body
        self._records = self._records or records_of(self.batch.body)
        return OPENING + b",".join([self._records[row] for row in self.rows]) + CLOSING

    def finish(self) -> None:
        """Goes on to the next part, since the current one has its outcome."""
        self._parts.pop()
        self._start_part()

    def halve(self) -> None:
        """Replaces the current part by its two halves, the earlier one first."""
        rows = self._parts.pop()
        middle = len(rows) // 2
        self._parts += [rows[middle:], rows[:middle]]
        self._start_part()

    def narrow(self, rows: Sequence[int]) -> None:
        """Leaves only `rows` of the current part to be sent."""
        self._parts[-1] = rows


def records_of(body: bytes) -> list[bytes]:
    """The records of an upload's body, byte for byte."""
    text, decoder = body.decode(), json.JSONDecoder()
    records, at = [], len(OPENING)
    while at < len(text) - len(CLOSING):
        end = decoder.raw_decode(text, at)[1]
        records.append(text[at:end].encode())
        at = end + 1
    return records
