"""Who is told beside a chat: a mail server on loopback, and a stand-in of PagerDuty's resource."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import dagster as dg


@contextlib.contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """Its port, and the mails that it takes."""
    mails: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            for line in self.rfile:
                command = line.strip().upper()
                if command == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    mails.append(b"".join(lines).decode())
                self.wfile.write(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1], mails
        server.shutdown()
        thread.join()


EVENTS: list[tuple[str, dict[str, Any]]] = []
"""Routing keys, and what PagerDuty was told with them."""


class PagerDutyService(dg.ConfigurableResource[None]):
    """With the method of dagster-pagerduty's resource that is used."""

    routing_key: str

    def EventV2_create(self, **event: Any) -> None:  # noqa: N802 - its name there
        EVENTS.append((self.routing_key, event))
