"""ProfileLooks asks CleverTap which profiles it has, one request each, at most three at a time."""

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar, cast

import orjson

from ct_assets.clevertap.client import Answer, Client, Reply
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.clevertap.verdicts import Acked, Denied, Malformed, Verdict, read_status
from ct_assets.delivery.sender.limits.hosts_slots import Slots
from ct_assets.delivery.sender.limits.retry import Failures, Retry
from ct_assets.delivery.sender.sender import SendClock
from ct_assets.errors import UserError

# How a profile that is not there is answered is not published: with no record, or so.
# Properties that profile.json shows beside `profileData`.
_OUTSIDE = {"Name": "name", "Email": "email", "Phone": "phone"}
_ABSENT = re.compile(r"not (be )?(found|exist)|no (such|profile|record|user)", re.IGNORECASE)


T = TypeVar("T")
POLLS, POLL_SECONDS = 10, 2.0
"""How often a count that is not finished is asked for again, and the seconds between."""


class LookError(UserError):
    """CleverTap does not say whether it has a profile, so nothing may be sent."""


class Look(NamedTuple):
    kind: str
    key: str
    record: Mapping[str, Any] | None
    """As profile.json shows it; None if CleverTap has none."""

    @property
    def found(self) -> bool:
        return self.record is not None

    @property
    def properties(self) -> dict[str, Any]:
        """Values that the profile has, by the names under which they are uploaded."""
        record = self.record or {}
        data = record.get("profileData")
        outside = {name: record.get(key) for name, key in _OUTSIDE.items()}
        values = {**(data if isinstance(data, dict) else {}), **outside}
        return {name: value for name, value in values.items() if value not in (None, "", [])}


Looking = Callable[[Iterable[tuple[str, str]]], Iterator[Look]]


@dataclass(frozen=True, kw_only=True)
class ProfileLooks:
    client: Client
    slots: Slots
    retry: Retry
    rng: Random
    clock: SendClock
    stop: threading.Event
    failure: str = "CleverTap does not say which profiles it has: {}; nothing was sent"
    """The message when an answer stays away; braces stand for the reason."""

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
        record = self._asked(lambda: self.client.read_profile(_kind(kind), key), _seen)
        return Look(kind, key, record or None)

    def properties(self) -> set[str]:
        """Names of the properties of profiles that the account knows."""
        return {*self._asked(lambda: self.client.schema("userProperties"), properties_of)}

    def events(self, name: str, first: str, last: str) -> int:
        """How many events of that name CleverTap counts in these days, each as YYYYMMDD."""
        body = {"event_name": name, "from": int(first), "to": int(last)}
        ticket = None
        for _ in range(POLLS):
            given = ticket
            answer = self._asked(lambda: self.client.count_events(body, given), _counted)  # noqa: B023
            if isinstance(answer, int):
                return answer
            ticket = answer
            self.clock.wait(self.stop, POLL_SECONDS)
        raise LookError(self.failure.format("the count stays unfinished"))

    def _asked(self, ask: Callable[[], Answer], read: Callable[[Answer], T | None]) -> T:
        """Asks until the answer can be read."""
        failures, reached = Failures(), False
        while True:
            with self.slots.slot(self.stop) as held:
                if not held:
                    raise LookError("stopped on request while profiles were looked for")
                answer = ask()
            value = read(answer)
            if value is not None:
                return value
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
        raise LookError(self.failure.format(why))


def _kind(kind: str) -> Literal["identity", "objectId"]:
    return cast("Literal['identity', 'objectId']", kind)


def _seen(answer: Answer) -> Mapping[str, Any] | None:
    """The profile, empty where there is none; None if the answer does not say."""
    value = _object(answer, (200, 404))
    if value.get("status") == "success":
        record = value.get("record") or {}
        return record if isinstance(record, dict) else None
    return {} if _ABSENT.search(str(value.get("error"))) else None


def properties_of(answer: Answer) -> dict[str, str | None] | None:
    """Names of properties and their types, where the answer has types; None if it has no names."""
    listed = _object(answer).get("userProperties")
    if not isinstance(listed, list):
        return None
    return {str(each.get("name")): _type(each) for each in listed if isinstance(each, dict)}


def _type(listed: Mapping[str, object]) -> str | None:
    """By the names under which an account might tell it."""
    given = (listed.get(name) for name in ("type", "dataType", "data_type"))
    return next((each for each in given if isinstance(each, str)), None)


def _counted(answer: Answer) -> int | str | None:
    """The count, or by what an unfinished one is asked for again."""
    value = _object(answer)
    count, ticket = value.get("count"), value.get("req_id")
    if value.get("status") == "success" and type(count) is int:
        return count
    return ticket if value.get("status") == "partial" and isinstance(ticket, str) else None


def _object(answer: Answer, statuses: Collection[int] = (200,)) -> dict[str, Any]:
    if not isinstance(answer, Reply) or answer.status not in statuses:
        return {}
    try:
        value = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
