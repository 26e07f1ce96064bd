"""An httpx transport under which a whole request, not each read of it, has a time limit.

httpx's own timeouts start anew with every byte that arrives, so a reply dripped slowly enough
holds its connection, and one of the account's slots, for ever.
"""

import contextlib
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from ct_assets.clevertap.destination import is_loopback

CHUNK = 65_536
"""Bytes written between two looks at the clock."""

Clock = Callable[[], float]


class DeadlineTransport(httpx.HTTPTransport):
    """Plain HTTP/1.1 with at most `connections` of them, through `proxy` where one is given."""

    def __init__(self, *, connections: int, proxy: str | None, clock: Clock) -> None:
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=5.0
        )
        super().__init__(verify=httpx.create_ssl_context(), limits=limits, proxy=proxy)
        self._network = _Backend(_Deadline(clock))
        # httpcore takes a backend of one's own, but httpx does not hand it on.
        self._pool._network_backend = self._network  # noqa: SLF001

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.stream = _ReplyStream(response.stream)
        return response

    @contextlib.contextmanager
    def limited_to(self, seconds: float) -> Iterator[None]:
        """Whatever this thread sends and receives within the block ends after `seconds`."""
        self._network.deadline.start(seconds)
        try:
            yield
        finally:
            self._network.deadline.start(float("inf"))


def proxy_of(address: str) -> str | None:
    """The proxy that HTTPS_PROXY, ALL_PROXY and NO_PROXY name for this host; none on loopback."""
    url = urlsplit(address)
    host = url.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


class MoreThanAReplyError(httpx.RemoteProtocolError):
    """Something follows the reply, so that nobody can say which request either of them answers."""


class _ReplyStream(httpx.SyncByteStream):
    """A reply's body, after which its connection serves again only if nothing follows.

    httpcore would keep what follows, and take it for the reply to the connection's next request.
    """

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 -- the attributes are httpcore's own
        self._inner = inner
        self._protocol = inner._httpcore_stream._stream._connection._h11_state  # noqa: SLF001

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner
        rest, _ = self._protocol.trailing_data
        if rest:
            self._protocol.send_failed()  # the connection is closed with the reply
        if rest.strip():
            raise MoreThanAReplyError("")

    def close(self) -> None:
        self._inner.close()


class _Deadline(threading.local):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = float("inf")

    def start(self, seconds: float) -> None:
        self._at = self._clock() + seconds

    def timeout(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        """What is left of `timeout` and of the deadline, as sockets take it."""
        left = min(self._at - self._clock(), float("inf") if timeout is None else timeout)
        if left <= 0:
            raise late
        return None if left == float("inf") else left


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._inner = httpcore.SyncBackend()
        self.deadline = deadline
        self.keeps_alive = True
        """False once a connection broke when it was used again: there may be servers that close
        after each reply and do not say so, and each request that meets them is left unknown."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self.deadline.timeout(timeout, httpcore.ConnectTimeout)
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, network: _Backend) -> None:
        self._inner = inner
        self._network = network
        self._replied = False
        self._used_again = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._network.deadline.timeout(timeout, httpcore.ReadTimeout)
        try:
            data = self._inner.read(max_bytes, left)
        except httpcore.ReadError:
            self._ended()
            raise
        if not data:
            self._ended()
        self._replied = True
        return data

    def _ended(self) -> None:
        if self._used_again and not self._replied:
            self._network.keeps_alive = False

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._used_again |= self._replied
        self._replied = False
        for start in range(0, len(buffer), CHUNK):
            left = self._network.deadline.timeout(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + CHUNK], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._network.deadline.timeout(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._network)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's signature
        if info == "is_readable" and not self._network.keeps_alive:
            return True  # as httpcore knows an idle connection that the server has closed
        return self._inner.get_extra_info(info)
