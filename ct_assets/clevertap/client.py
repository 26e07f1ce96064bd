"""Client sends every HTTP request that leaves for CleverTap, once, and gives what came back.

It repeats nothing and waits for nothing: a 429 is a `Reply` like others, with its `retry_after`.
`verdicts.read` makes `NotTaken` of it; `delivery.sender.outcome_policy` then makes the congestion
window smaller, waits and has the batch sent again. The 15 requests in flight of an account are kept
by `delivery.sender.account_slots`; the pool here only never opens more connections than that.
Bodies and credentials are never logged.
"""

import email.utils
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self

import httpcore
import httpx
import orjson

from ct_assets.clevertap.contract import MAX_DELETES, MAX_IN_FLIGHT
from ct_assets.clevertap.destination import Destination, DestinationError
from ct_assets.clevertap.transport import (
    LOST,
    NOT_SENT,
    DeadlinePool,
    MoreThanAReplyError,
    proxy_of,
)

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 60.0
REPLY_ROOM = 16 * 1024 * 1024
"""Bytes a reply may have beyond four times its request; a refusal of every record echoes each."""


@dataclass(frozen=True, slots=True)
class Reply:
    host: str
    status: int
    body: bytes = field(repr=False)
    seconds: float = 0.0
    retry_after: float = 0.0
    date: str = ""
    """The server's clock, as its Date header has it."""


@dataclass(frozen=True, slots=True)
class NoReply:
    host: str
    sent: bool
    """False only if CleverTap cannot have seen the request."""
    why: str
    seconds: float = 0.0


Answer = Reply | NoReply


class Client:
    """One connection pool for any number of threads, to be used as a context manager.

    It drives the connections itself: an httpx.Client above them costs a third of the CPU of a
    request, and logs URLs.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        seconds: float = REQUEST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.destination = destination
        self._seconds = seconds
        self._clock = clock
        self.may_write: Callable[[], bool] = lambda: True
        """Asked at the last moment before anything of a request is written; False ends it."""
        self._pool = _pool(destination, clock, lambda: self.may_write())
        self._upload_url = self._url("/1/upload")
        self._headers = httpx.Headers(
            {
                "Host": destination.host,
                "User-Agent": "ct-assets",
                "Accept-Encoding": "identity",
                "X-CleverTap-Account-Id": destination.account_id,
                "X-CleverTap-Passcode": destination.passcode.get_secret_value(),
                "Content-Type": "application/json; charset=utf-8",
            }
        )

    def upload(self, body: bytes, *, dry_run: bool = False) -> Answer:
        """`body` is `{"d":[...]}`; with `dry_run` CleverTap judges the records and keeps none."""
        return self._post(self._url("/1/upload?dryRun=1") if dry_run else self._upload_url, body)

    def delete_profiles(
        self, values: Sequence[str], kind: Literal["identity", "guid"] = "identity"
    ) -> Answer:
        """At most 100 at a time; a `guid` is what other calls name objectId."""
        if not 0 < len(values) <= MAX_DELETES:
            raise ValueError(f"1 to {MAX_DELETES} profiles can be deleted at once")
        return self._post(self._url("/1/delete/profiles.json"), orjson.dumps({kind: list(values)}))

    def _url(self, path: str) -> httpx.URL:
        return httpx.URL(f"{self.destination.base_url}{path}")

    def _post(self, url: httpx.URL, content: bytes) -> Answer:
        timeout = {"timeout": {"connect": CONNECT_SECONDS}}
        request = httpx.Request(
            "POST", url, headers=self._headers, content=content, extensions=timeout
        )
        host, started = self.destination.host, self._clock()
        try:
            with self._pool.response(request, self._seconds) as response:
                body = _body(response, REPLY_ROOM + 4 * len(content))
        except NOT_SENT as error:
            return NoReply(host, sent=False, why=str(error), seconds=self._clock() - started)
        except LOST as error:
            return NoReply(host, sent=True, why=_why(error), seconds=self._clock() - started)
        seconds = self._clock() - started
        if body is None:
            return NoReply(host, sent=True, why="the reply never ended", seconds=seconds)
        headers = response.headers
        return Reply(
            host,
            response.status_code,
            body,
            seconds,
            _retry_after(headers),
            headers.get("Date", ""),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.close()


def _body(response: httpx.Response, room: int) -> bytes | None:
    """The body, or None when it is longer than any answer to this request could be."""
    parts = []
    for part in response.iter_bytes():
        parts.append(part)
        room -= len(part)
        if room < 0:
            return None
    return b"".join(parts)


def _why(error: Exception) -> str:
    """Names what happened without the error's own text, which may quote the reply."""
    match error:
        case MoreThanAReplyError():
            return "more than one reply came"
        case httpcore.TimeoutException():
            return "no whole reply within the time limit"
        case httpcore.RemoteProtocolError():
            return "the connection was closed before a whole reply, or the reply was not HTTP"
        case httpcore.NetworkError():
            return "the connection broke before the reply"
        case _:
            return f"the reply could not be read ({type(error).__name__})"


def _retry_after(headers: httpx.Headers) -> float:
    """Seconds, from either form of Retry-After; a date counts from the reply's own Date."""
    date = headers.get("Date", "")
    return max((_wait(text, date) for text in headers.get_list("Retry-After")), default=0.0)


def _wait(text: str, date: str) -> float:
    if text.strip().isdecimal():
        return float(text)
    until, since = _moment(text), _moment(date) or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds()) if until else 0.0


def _moment(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pool(
    destination: Destination, clock: Callable[[], float], may_write: Callable[[], bool]
) -> DeadlinePool:
    try:
        proxy = proxy_of(destination.base_url)
        return DeadlinePool(
            connections=MAX_IN_FLIGHT, proxy=proxy, clock=clock, may_write=may_write
        )
    except (OSError, ValueError, ImportError) as error:
        kind = type(error).__name__
    # Outside of the handler, so that no traceback shows a proxy's password.
    raise DestinationError(
        f"cannot prepare connections to {destination.host} ({kind}); check HTTPS_PROXY, "
        f"ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR in the environment"
    )
