"""Separation parts phone numbers from profiles, and profiles that were merged from each other.

One call is in flight at a time, of the three that an account has for both. CleverTap does either
later, within a day, and nobody can undo it.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from ct_assets.clevertap import verdicts
from ct_assets.clevertap.client import Answer, Client
from ct_assets.clevertap.contract import MAX_DEMERGES, MAX_RECORDS
from ct_assets.clevertap.verdicts import Acked, Malformed, Verdict
from ct_assets.delivery.operations.single_call import RETRY, single_call
from ct_assets.delivery.sender.limits.retry import Retry


@dataclass(frozen=True)
class Separated:
    """Outcome of one call."""

    values: tuple[str, ...]
    refused: tuple[tuple[str, int], ...] = ()
    """Values and CleverTap's codes; it took all others."""
    why: str | None = None
    """Why it is not known to have been taken; no further call was made."""


@dataclass(frozen=True, kw_only=True)
class Separation:
    client: Client
    stop: threading.Event
    retry: Retry = RETRY

    def of_phones(self, numbers: Sequence[str]) -> Iterator[Separated]:
        """Parts each number, in E.164, from the profiles whose identity it is."""
        for part in _parts(numbers, MAX_RECORDS):
            body = orjson.dumps({"d": [{"type": "phone", "value": number} for number in part]})
            read = partial(verdicts.read, records=len(part), body=body)
            call = self._called(part, partial(self.client.disassociate, body), read)
            yield call
            if call.why is not None:
                return

    def of_profiles(self, identities: Sequence[str]) -> Iterator[Separated]:
        """Makes of each profile one for every device, without identities."""
        for part in _parts(identities, MAX_DEMERGES):
            call = self._called(part, partial(self.client.demerge, part), verdicts.read_status)
            yield call
            if call.why is not None:
                return

    def _called(
        self,
        values: tuple[str, ...],
        send: Callable[[], Answer],
        read: Callable[[Answer], Verdict],
    ) -> Separated:
        verdict = single_call(self.client.destination, send, read, self.stop, self.retry)
        match verdict:
            case None:
                return Separated(values, why="stopped on request")
            case Acked(refusals):
                return Separated(values, tuple((values[r.position], r.code) for r in refusals))
            case Malformed(status):  # CleverTap's own words may quote a value
                return Separated(values, why=f"HTTP {status}")
            case _:
                return Separated(values, why=verdict.why)


def _parts(values: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    for at in range(0, len(values), most):
        yield tuple(values[at : at + most])
