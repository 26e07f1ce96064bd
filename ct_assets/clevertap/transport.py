"""DeadlinePool keeps connections on which a whole request, not each read of it, has a time limit.

httpcore's own timeouts start anew with every byte that arrives, so a reply dripped slowly enough
holds its connection, and one of the account's slots, for ever.
"""

import contextlib
import importlib
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

NOT_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.ProxyError,
    httpcore.PoolTimeout,
)
"""Errors after which nobody can have seen the request."""
LOST = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpx.DecodingError,
)
"""Errors that leave open what became of it."""


class DeadlinePool:
    """Plain HTTP/1.1 with at most `connections` of them, through `proxy` where one is given.

    httpcore's pool rather than httpx's transport, which takes no network backend.
    """

    def __init__(
        self,
        *,
        connections: int,
        proxy: str | None,
        clock: Clock,
        may_write: Callable[[], bool] = lambda: True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`may_write` is asked before anything of a request is written; False ends the request.

        `tls`: left out, servers need a certificate of an authority that is usual here.
        """
        self._network = _Backend(_Deadline(clock), may_write)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            proxy=_proxy(proxy) if proxy else None,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=self._network,
        )

    @contextlib.contextmanager
    def response(self, request: httpx.Request, seconds: float) -> Iterator[httpx.Response]:
        """Reply to be read within the block; sending, waiting and reading end after `seconds`.

        Raises:
            NOT_SENT, LOST: One of these errors.
        """
        with self.streamed(_core_request(request), seconds) as response:
            yield response

    @contextlib.contextmanager
    def streamed(self, request: httpcore.Request, seconds: float) -> Iterator[httpx.Response]:
        """The same for a request whose body may be an iterator."""
        self._network.deadline.start(seconds)
        try:
            answer = self._pool.handle_request(request)
            body = _ReplyStream(answer.stream)
            with contextlib.closing(
                httpx.Response(answer.status, headers=answer.headers, stream=body)
            ) as response:
                yield response
        finally:
            self._network.deadline.start(float("inf"))

    def close(self) -> None:
        self._pool.close()


def proxy_of(address: str) -> str | None:
    """The proxy that HTTPS_PROXY, ALL_PROXY and NO_PROXY name for this host; none on loopback."""
    url = urlsplit(address)
    host = url.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _core_request(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        request.method,
        core_url(request.url),
        headers=request.headers.raw,
        content=request.content,
        extensions=request.extensions,
    )


def core_url(url: httpx.URL) -> httpcore.URL:
    """The same URL for a pool."""
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _proxy(address: str) -> httpcore.Proxy:
    proxy = httpx.Proxy(address)
    if proxy.url.scheme.startswith("socks"):
        importlib.import_module("socksio")  # or httpcore would look for it in every request
    return httpcore.Proxy(core_url(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw)


class MoreThanAReplyError(httpcore.RemoteProtocolError):
    """Something follows the reply, so that nobody can say which request either of them answers."""


class _ReplyStream(httpx.SyncByteStream):
    """Body of a reply, after which its connection serves again only if nothing follows.

    httpcore would keep what follows, and take it for the reply to the connection's next request.
    Nothing public tells of it: only the h11 connection knows where a reply ends.
    """

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 -- the attributes are httpcore's own
        self._inner = inner
        self._protocol = inner._stream._connection._h11_state  # noqa: SLF001

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
        self.has_written = False
        """Whether anything of the request under way may have left."""

    def start(self, seconds: float) -> None:
        self._at = self._clock() + seconds
        self.has_written = False

    def timeout(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        """Seconds left of `timeout` and of the deadline, as sockets take them."""
        left = min(self._at - self._clock(), float("inf") if timeout is None else timeout)
        if left <= 0:
            raise late
        return None if left == float("inf") else left


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline, may_write: Callable[[], bool]) -> None:
        self._inner = httpcore.SyncBackend()
        self.deadline = deadline
        self.may_write = may_write
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
            self._check()
            left = self._network.deadline.timeout(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + CHUNK], left)

    def _check(self) -> None:
        """Looked at for each part: a process may be stopped between two of them, for minutes."""
        deadline = self._network.deadline
        if not self._network.may_write():
            late = httpcore.WriteError if deadline.has_written else httpcore.ConnectError
            raise late("this process may not send at this moment")
        deadline.has_written = True

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
