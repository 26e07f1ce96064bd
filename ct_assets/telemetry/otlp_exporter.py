"""OtlpExporter posts messages to an OpenTelemetry collector, and again while it is busy.

Nothing that a collector does is an error here: it is told, and the message is lost.
"""

import contextlib
import functools
import gzip
import random
import ssl
import time
import zlib
from collections.abc import Callable, Mapping

import httpx

from ct_assets.clevertap.transport import LOST, NOT_SENT, DeadlinePool, proxy_of
from ct_assets.telemetry.otlp_settings import Endpoint

BUSY = (429, 502, 503, 504)
"""Answers after which OTLP has a message sent again."""
FIRST_WAIT = 0.5
"""Seconds until a message is sent again; twice as long each time."""
COMPRESSED: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": functools.partial(gzip.compress, mtime=0),
    "deflate": zlib.compress,
}


class OtlpExporter:
    """For one thread at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._sleep = sleep
        self._clock = clock

    def send(self, message: bytes) -> str:
        """Says why the message was not taken; nothing if it was."""
        try:
            request = self._request(message)
            with contextlib.closing(self._opened()) as pool:
                return self._sent(pool, request)
        except (ValueError, httpx.InvalidURL):
            return "its endpoint, or a header, is none; write http://collector:4318"
        except OSError as error:
            return f"its certificates cannot be read ({type(error).__name__})"

    def _sent(self, pool: DeadlinePool, request: httpx.Request) -> str:
        until, wait = self._clock() + self._endpoint.seconds, FIRST_WAIT
        while True:
            why, after = self._attempt(pool, request, max(until - self._clock(), 0.001))
            pause = after if after is not None else wait * random.uniform(0.8, 1.2)  # noqa: S311
            if not why or after == NEVER or self._clock() + pause >= until:
                return why and f"{request.url.host} {why}"
            self._sleep(pause)
            wait *= 2

    def _attempt(
        self, pool: DeadlinePool, request: httpx.Request, seconds: float
    ) -> tuple[str, float | None]:
        """Why it was not taken, and after how many seconds it is to be sent again, if told."""
        try:
            with pool.response(request, seconds) as response:
                if response.is_success:
                    return "", None
                after = NEVER if response.status_code not in BUSY else _asked(response)
                return f"answers HTTP {response.status_code}", after
        except (*NOT_SENT, *LOST) as error:
            return f"cannot be reached ({type(error).__name__})", None

    def _request(self, message: bytes) -> httpx.Request:
        headers = {"Content-Type": "application/x-protobuf", "User-Agent": "ct-assets"}
        if compress := COMPRESSED.get(self._endpoint.compression):
            message = compress(message)
            headers["Content-Encoding"] = self._endpoint.compression
        request = httpx.Request(
            "POST",
            self._endpoint.url,
            content=message,
            headers={**headers, **self._endpoint.headers},
        )
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise ValueError("no web address")
        return request

    def _opened(self) -> DeadlinePool:
        url = self._endpoint.url
        return DeadlinePool(
            connections=1,
            proxy=proxy_of(url),
            clock=self._clock,
            tls=self._tls if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        endpoint = self._endpoint
        if endpoint.authorities:
            context = ssl.create_default_context(cafile=endpoint.authorities)
        else:
            context = httpx.create_ssl_context()
        if endpoint.certificate:
            context.load_cert_chain(endpoint.certificate, endpoint.key)
        return context


NEVER = float("inf")


def _asked(response: httpx.Response) -> float | None:
    with contextlib.suppress(ValueError):
        return max(float(response.headers.get("Retry-After", "")), 0.0)
    return None
