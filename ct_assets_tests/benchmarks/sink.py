"""A server that takes every upload and only counts: what is left when CleverTap costs nothing.

It runs in a process of its own and answers each `POST` after a fixed latency, so that a benchmark
measures the sender and not the receiver. One that refuses answers as CleverTap does: every record
is echoed with a code and a reason.
"""

import asyncio
import contextlib
import multiprocessing
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import orjson

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@dataclass
class Tally:
    requests: int = 0
    records: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    first: float = 0.0
    last: float = 0.0
    cpu: float = 0.0
    """Seconds of the server's process since it started."""


@dataclass(frozen=True)
class Sink:
    url: str
    certificate: Path | None
    control: Connection

    def tally(self) -> Tally:
        """What came since the last call; times are the server's monotonic clock, in seconds."""
        self.control.send("tally")
        tally = self.control.recv()
        assert isinstance(tally, Tally)
        return tally


class _Upload(asyncio.Protocol):
    def __init__(self, tally: Tally, latency: float, *, refuses: bool) -> None:
        self._tally, self._latency, self._refuses = tally, latency, refuses
        self._body: list[bytes] = []
        self._head, self._missing, self._records = b"", -1, 0
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = self._head[:end].lower().split(b"content-length:")[1].split(b"\r\n")[0]
            data, self._missing = self._head[end + 4 :], int(length)
            self._head, self._tail, self._records = b"", b"", 0
            self._began()
        self._missing -= len(data)
        joined = self._tail + data
        self._records += joined.count(b'{"type":')
        self._tail = joined[-7:]
        if self._refuses:
            self._body.append(data)
        if self._missing == 0:
            self._missing = -1
            loop = asyncio.get_running_loop()
            loop.call_later(self._latency, self._answer) if self._latency else self._answer()

    def _began(self) -> None:
        tally = self._tally
        tally.first = tally.first or asyncio.get_running_loop().time()
        tally.in_flight += 1
        tally.most_in_flight = max(tally.most_in_flight, tally.in_flight)

    def _answer(self) -> None:
        tally = self._tally
        tally.in_flight -= 1
        tally.requests += 1
        tally.records += self._records
        tally.last = asyncio.get_running_loop().time()
        body = b'{"status":"success","processed":%d,"unprocessed":[]}' % self._records
        if self._refuses:
            body = _refusing(b"".join(self._body))
            self._body.clear()
        self._transport.write(_HEAD % len(body) + body)


def _refusing(body: bytes) -> bytes:
    text = "Profile data is incorrect. Email is not valid.Skipped record number : "
    unprocessed = [
        {"status": "fail", "code": 515, "error": f"{text}{number}", "record": record}
        for number, record in enumerate(orjson.loads(body)["d"], start=1)
    ]
    return orjson.dumps({"status": "fail", "processed": 0, "unprocessed": unprocessed})


async def _serve(
    control: Connection, latency: float, context: ssl.SSLContext | None, *, refuses: bool
) -> None:
    loop, tally, stopped = asyncio.get_running_loop(), Tally(), asyncio.Event()
    server = await loop.create_server(
        lambda: _Upload(tally, latency, refuses=refuses),
        "127.0.0.1",
        0,
        ssl=context,
        backlog=128,
    )

    def command() -> None:
        try:
            asked = control.recv()
        except EOFError:  # whoever started it is gone
            asked = "stop"
        if asked == "stop":
            loop.remove_reader(control.fileno())
            stopped.set()
            return
        tally.cpu = time.process_time()
        control.send(Tally(**vars(tally)))
        vars(tally).update(vars(Tally()))

    loop.add_reader(control.fileno(), command)
    control.send(server.sockets[0].getsockname()[1])
    await stopped.wait()


def _process(
    control: Connection,
    latency: float,
    certificate: Path | None,
    refuses: bool,  # noqa: FBT001
) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    asyncio.run(_serve(control, latency, context, refuses=refuses))


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key in one PEM file, made with the openssl command."""
    pem, key = folder / "sink.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(pem)),
        ],
        check=True,
        capture_output=True,
    )
    pem.write_bytes(pem.read_bytes() + key.read_bytes())
    return pem


@contextlib.contextmanager
def sink(
    *, latency: float = 0.0, certificate: Path | None = None, refuses: bool = False
) -> Iterator[Sink]:
    """A running sink; `latency` in seconds; with a certificate it speaks TLS."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_process, args=(theirs, latency, certificate, refuses), daemon=True
    )
    process.start()
    try:
        scheme = "https" if certificate else "http"
        yield Sink(f"{scheme}://127.0.0.1:{ours.recv()}", certificate, ours)
    finally:
        ours.send("stop")
        process.join()
