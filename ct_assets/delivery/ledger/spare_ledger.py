"""SpareLedger takes the outcomes that the ledger cannot: its space is reserved before sending.

Else a disk that fills up while requests are in flight would lose their answers, and records that
CleverTap has acknowledged would be sent again. The ledger takes them in when it is opened next.
"""

import contextlib
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple, Self

import orjson

from ct_assets.clevertap.contract import MAX_IN_FLIGHT, MAX_RECORDS
from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.state.sync_files import SPARE

_HEAD = Struct("<II")
_END = _HEAD.pack(0, 0)

BYTES = 256 * 1024
"""For the entries of requests, whatever is in them; further space is for each record in flight."""
RECORD_BYTES = 256
MESSAGE_CHARS = 100


class Outcome(NamedTuple):
    """An entry of the ledger, bound to the checksum of the outbox that the records are in."""

    delivery: int
    outbox: int | None
    batch: int
    runs: list[tuple[int, int]]
    """Positions: (first, one after the last)."""
    outcome: str
    why: str | None
    refusals: list[Refusal]


class SpareLedger:
    def __init__(self, home: Path) -> None:
        self._path = home / SPARE
        self._descriptor: int | None = None
        self._size = self._at = 0

    def reserve(self, records: int) -> None:
        """Makes room for the outcomes of a delivery of so many records that are in flight at once.

        Raises:
            OSError: The disk has no room for it.
        """
        self._size = BYTES + RECORD_BYTES * min(records, MAX_IN_FLIGHT * MAX_RECORDS)
        self._at = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        os.posix_fallocate(self._descriptor, 0, self._size)
        os.pwrite(self._descriptor, _END, 0)
        os.fsync(self._descriptor)

    @property
    def is_reserved(self) -> bool:
        return self._descriptor is not None

    def put(self, outcome: Outcome) -> None:
        """Durable once it returns.

        Raises:
            OSError: There is no room left.
        """
        frame = _framed(outcome, self._size - self._at)
        if self._descriptor is None or frame is None:
            raise OSError(f"{SPARE} has no room left")
        os.pwrite(self._descriptor, frame, self._at)
        os.fsync(self._descriptor)
        self._at += len(frame) - len(_END)

    def read(self) -> Iterator[Outcome]:
        """The outcomes that were put, in that order; none if there is no file."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as stored:
            yield from _read(stored)

    def remove(self) -> None:
        """Gives the space back, once the ledger has all that was put."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def framed(outcome: Outcome) -> bytes:
    """The outcome as the file has it, with the whole of its messages."""
    told = [(r.position, r.code, r.message) for r in outcome.refusals]
    return _frame(orjson.dumps([*outcome[:-1], told]))


def _read(stored: BinaryIO) -> Iterator[Outcome]:
    while len(head := stored.read(_HEAD.size)) == _HEAD.size:
        length, checksum = _HEAD.unpack(head)
        body = stored.read(length)
        if not length or zlib.crc32(body) != checksum:
            return
        delivery, outbox, batch, runs, outcome, why, refusals = orjson.loads(body)
        pairs = [(first, until) for first, until in runs]
        refused = [Refusal(*each) for each in refusals]
        yield Outcome(delivery, outbox, batch, pairs, outcome, why, refused)


def _frame(body: bytes) -> bytes:
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def _framed(outcome: Outcome, room: int) -> bytes | None:
    """The frame and the end behind it; without its messages if they do not fit in its share."""
    records = sum(until - first for first, until in outcome.runs)
    share = min(room, RECORD_BYTES * records + BYTES // (4 * MAX_IN_FLIGHT))
    for chars, most in ((MESSAGE_CHARS, share), (0, room)):
        body = orjson.dumps([*outcome[:-2], _cut(outcome.why, chars), _refusals(outcome, chars)])
        frame = _frame(body) + _END
        if len(frame) <= most:
            return frame
    return None


def _refusals(outcome: Outcome, chars: int) -> Sequence[tuple[int, int, str]]:
    return [(r.position, r.code, r.message[:chars]) for r in outcome.refusals]


def _cut(text: str | None, chars: int) -> str | None:
    return text if text is None else text[: 2 * chars]
