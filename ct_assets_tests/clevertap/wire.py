"""A server below HTTP: the test says what it does with a connection when a request arrives."""

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ct_assets.clevertap.destination import Destination
from ct_assets_tests.clevertap.account import destination_from_env


@dataclass(frozen=True)
class Request:
    number: int
    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


Behaviour = Callable[[socket.socket, Request], bool]
"""Answers a request; returns whether the connection is kept."""


class Wire:
    def __init__(self, behaviour: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.requests: list[Request] = []
        self.connections = 0
        self._context = context
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])

    def destination(self) -> Destination:
        return loopback(self.port, scheme="https" if self._context else "http")

    @contextlib.contextmanager
    def running(self) -> Iterator["Wire"]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                kept = True
                while kept and (request := self._receive(connection)):
                    kept = self.behaviour(connection, request)

    def _receive(self, connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return None
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        request = Request(0, head.decode(), b"")
        while len(body) < int(request.header("content-length") or 0):
            part = connection.recv(65536)
            if not part:
                return None
            body += part
        with self._lock:
            request = Request(len(self.requests), head.decode(), body)
            self.requests.append(request)
        return request


def loopback(port: int, scheme: str = "http") -> Destination:
    destination = destination_from_env(
        environ={
            "CLEVERTAP_ACCOUNT_ID": "ABC-DEF-GHIJ",
            "CLEVERTAP_PASSCODE": "s3cret-passcode",
            "CLEVERTAP_API_URL": f"{scheme}://127.0.0.1:{port}",
        }
    )
    assert destination is not None
    return destination


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def http(status: int, body: bytes | str, **headers: str) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(*replies: bytes) -> Behaviour:
    """The n-th request gets the n-th reply, and all that follow the last one."""

    def behave(connection: socket.socket, request: Request) -> bool:
        connection.sendall(replies[min(request.number, len(replies) - 1)])
        return True

    return behave


def sends_then_closes(data: bytes) -> Behaviour:
    def behave(connection: socket.socket, _: Request) -> bool:
        connection.sendall(data)
        return False

    return behave


def resets(connection: socket.socket, _: Request) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def drips(head: bytes, drop: bytes) -> Behaviour:
    """Sends `head`, then `drop` again and again until the client hangs up."""

    def behave(connection: socket.socket, _: Request) -> bool:
        connection.sendall(head)
        hung_up = select.poll()  # which takes any number of descriptors, unlike select()
        hung_up.register(connection, select.POLLIN)
        while not hung_up.poll(1):
            connection.sendall(drop)
        return False

    return behave
