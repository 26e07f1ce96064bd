"""A proxy in front of a Postgres that cuts connections, refuses, delays, or says nothing more."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from ct_assets.store.store_settings import StoreSettings


class Proxy:
    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.silent, self.refusing = threading.Event(), threading.Event()
        self.delay = 0.0
        """Seconds before each part that passes."""
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refusing.is_set():
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open |= {client, server}
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                time.sleep(self.delay)
                if not self.silent.is_set():
                    other.sendall(data)
        self._open -= {one, other}
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextlib.contextmanager
def proxied(settings: StoreSettings) -> Iterator[tuple[Proxy, StoreSettings]]:
    """The same store, with its database behind a proxy."""
    url = urlsplit(settings.database_url)
    assert url.port
    proxy = Proxy(url.port)
    try:
        address = settings.database_url.replace(f":{url.port}/", f":{proxy.port}/")
        yield proxy, replace(settings, database_url=address)
    finally:
        proxy.close()
