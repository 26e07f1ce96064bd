"""Client sends every HTTP request that leaves for CleverTap, once, and gives what came back.

It repeats nothing and waits for nothing: a 429 is a `Reply` like others, with its `retry_after`.
`verdicts.read` makes `NotTaken` of it; `delivery.sender.outcome_policy` then makes the congestion
window smaller, waits and has the batch sent again. The 15 requests in flight of an account are
kept by `delivery.sender.limits.account_slots`; the pool here only never opens more connections.
Bodies and credentials are never logged.
"""

import contextlib
import email.utils
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self
from urllib.parse import quote, urlencode, urlsplit

import httpcore
import httpx
import orjson

from ct_assets.clevertap.contract import MAX_DELETES, MAX_DEMERGES, MAX_IN_FLIGHT
from ct_assets.clevertap.destination import Destination, DestinationError
from ct_assets.clevertap.presigned_url import CONNECT_SECONDS, put_request
from ct_assets.clevertap.transport import (
    LOST,
    NOT_SENT,
    DeadlinePool,
    MoreThanAReplyError,
    core_url,
    proxy_of,
)

REQUEST_SECONDS = 60.0
FILE_BYTES_A_SECOND = 250_000
"""A file that arrives more slowly counts as lost."""
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
    request, and logs URLs; an httpx.Request costs a tenth.
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
        self._pool = self._opened(destination.base_url)
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
        ).raw

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

    def subscribe(self, body: bytes) -> Answer:
        """`body` is `{"d":[...]}` with at most 1000 contacts and their statuses."""
        return self._post(self._url("/1/subscribe"), body)

    def disassociate(self, body: bytes) -> Answer:
        """`body` is `{"d":[...]}` with at most 1000 phone numbers that are identities."""
        return self._post(self._url("/1/disassociate"), body)

    def demerge(self, identities: Sequence[str]) -> Answer:
        """At most 100 at a time: makes a profile of each device, as CleverTap finds the time."""
        if not 0 < len(identities) <= MAX_DEMERGES:
            raise ValueError(f"1 to {MAX_DEMERGES} profiles can be demerged at once")
        body = orjson.dumps({"identities": list(identities)})
        return self._post(self._url("/1/demerge/profiles.json"), body)

    def read_profile(self, kind: Literal["identity", "objectId"], value: str) -> Answer:
        """Asks for one profile, as developer.clevertap.com/docs/get-user-profile-by-id has it."""
        query = urlencode([(kind, value)], quote_via=quote)
        return self._send("GET", self._url(f"/1/profile.json?{query}"), b"")

    def schema(self, kind: Literal["events", "userProperties"]) -> Answer:
        """Asks for the names of events or of properties that the account knows."""
        return self._send("GET", self._url(f"/getSchema?type={kind}"), b"")

    def count_events(self, query: Mapping[str, object], ticket: str | None = None) -> Answer:
        """Has events counted, or asks for a count that was not finished, by its `req_id`."""
        path = "/1/counts/events.json"
        if ticket is None:
            return self._post(self._url(path), orjson.dumps(query))
        return self._send("GET", self._url(f"{path}?{urlencode({'req_id': ticket})}"), b"")

    def list_url(self) -> Answer:
        """Asks for a URL to which the file of a custom list may be put, once within a day."""
        return self._post(self._url("/get_custom_list_segment_url"), b"")

    def put_file(self, url: str, content: Iterable[bytes], size: int) -> Answer:
        """Puts a file of `size` bytes to a presigned URL that is `usable`."""
        seconds = self._seconds + size / FILE_BYTES_A_SECOND
        with contextlib.ExitStack() as stack:
            pool = self._pool
            if proxy_of(url) != proxy_of(self.destination.base_url):
                pool = stack.enter_context(contextlib.closing(self._opened(url)))
            reply = pool.streamed(put_request(url, content, size), seconds)
            return _answered(reply, _server(url), REPLY_ROOM, self._clock)

    def commit_list(self, body: bytes) -> Answer:
        """Has CleverTap make a custom list of a file; `body` is a JSON object that names it."""
        return self._post(self._url("/upload_custom_list_segment_completed"), body)

    def _opened(self, url: str) -> DeadlinePool:
        return _pool(url, self._clock, lambda: self.may_write())

    def _url(self, path: str) -> httpcore.URL:
        return core_url(httpx.URL(f"{self.destination.base_url}{path}"))

    def _post(self, url: httpcore.URL, content: bytes) -> Answer:
        return self._send("POST", url, content)

    def _send(self, method: str, url: httpcore.URL, content: bytes) -> Answer:
        length = [(b"Content-Length", b"%d" % len(content))] if method == "POST" else []
        request = httpcore.Request(
            method,
            url,
            headers=[*self._headers, *length],
            content=content,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )
        reply = self._pool.streamed(request, self._seconds)
        return _answered(reply, self.destination.host, REPLY_ROOM + 4 * len(content), self._clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()


def _answered(
    reply: contextlib.AbstractContextManager[httpx.Response],
    host: str,
    room: int,
    clock: Callable[[], float],
) -> Answer:
    """The answer to a request; `room` is the longest body that counts as a reply."""
    started = clock()
    try:
        with reply as response:
            body = _body(response, room)
    except NOT_SENT as error:
        return NoReply(host, sent=False, why=str(error), seconds=clock() - started)
    except LOST as error:
        return NoReply(host, sent=True, why=_why(error), seconds=clock() - started)
    seconds = clock() - started
    if body is None:
        return NoReply(host, sent=True, why="the reply never ended", seconds=seconds)
    headers = response.headers
    status, date = response.status_code, headers.get("Date", "")
    return Reply(host, status, body, seconds, _retry_after(headers), date)


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


def _server(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _pool(url: str, clock: Callable[[], float], may_write: Callable[[], bool]) -> DeadlinePool:
    try:
        return DeadlinePool(
            connections=MAX_IN_FLIGHT, proxy=proxy_of(url), clock=clock, may_write=may_write
        )
    except (OSError, ValueError, ImportError) as error:
        kind = type(error).__name__
    # Outside of the handler, so that no traceback shows a proxy's password.
    raise DestinationError(
        f"cannot prepare connections to {_server(url)} ({kind}); check HTTPS_PROXY, "
        f"ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR in the environment"
    )
