"""ProfileLooks asks CleverTap which profiles it has, one request each, at most three at a time."""

import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple, cast

import orjson

from ct_assets.clevertap.client import Answer, Client, Reply
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.clevertap.verdicts import Acked, Denied, Malformed, Verdict, read_status
from ct_assets.delivery.sender.hosts_slots import Slots
from ct_assets.delivery.sender.retry import Failures, Retry
from ct_assets.delivery.sender.sender import SendClock
from ct_assets.errors import UserError

# How a profile that is not there is answered is not published: with no record, or so.
_ABSENT = re.compile(r"not (be )?(found|exist)|no (such|profile|record|user)", re.IGNORECASE)


class LookError(UserError):
    """CleverTap does not say whether it has a profile, so nothing may be sent."""


class Look(NamedTuple):
    kind: str
    key: str
    found: bool


@dataclass(frozen=True, kw_only=True)
class ProfileLooks:
    client: Client
    slots: Slots
    retry: Retry
    rng: Random
    clock: SendClock
    stop: threading.Event

    def look(self, names: Iterable[tuple[str, str]]) -> Iterator[Look]:
        """Looks for profiles by kind and key, in their order.

        Raises:
            LookError: An answer stays away, or says something else.
        """
        with ThreadPoolExecutor(MAX_IN_FLIGHT_OTHER, thread_name_prefix="look") as pool:
            try:
                yield from pool.map(self._look, names)
            finally:
                pool.shutdown(cancel_futures=True)

    def _look(self, name: tuple[str, str]) -> Look:
        kind, key = name
        return Look(kind, key, self._found(kind, key))

    def _found(self, kind: str, key: str) -> bool:
        failures, reached = Failures(), False
        while True:
            with self.slots.slot(self.stop) as held:
                if not held:
                    raise LookError("stopped on request while profiles were looked for")
                answer = self.client.read_profile(_kind(kind), key)
            found = _seen(answer)
            if found is not None:
                return found
            reached = reached or isinstance(answer, Reply)
            self._wait(read_status(answer), failures, reached=reached)

    def _wait(self, verdict: Verdict, failures: Failures, *, reached: bool) -> None:
        why = "the answer could not be read" if isinstance(verdict, Acked) else verdict.why
        if not isinstance(verdict, Acked | Denied | Malformed):
            now, floor = self.clock.now(), verdict.retry_after
            seconds = self.retry.wait(failures, now, self.rng, reached=reached, floor=floor)
            if seconds is not None:
                self.clock.wait(self.stop, seconds)
                return
        raise LookError(f"CleverTap does not say which profiles it has: {why}; nothing was sent")


def _kind(kind: str) -> Literal["identity", "objectId"]:
    return cast("Literal['identity', 'objectId']", kind)


def _seen(answer: Answer) -> bool | None:
    """Whether the profile is there; None if the answer does not say."""
    if not isinstance(answer, Reply) or answer.status not in (200, 404):
        return None
    try:
        value = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    if answer.status == 200 and value.get("status") == "success":
        return bool(value.get("record"))
    return False if _ABSENT.search(str(value.get("error"))) else None
