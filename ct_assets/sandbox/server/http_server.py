"""Runs the sandbox's HTTP server, in the foreground or in a thread of a test."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from ct_assets.sandbox.endpoint_context import Sandbox
from ct_assets.sandbox.server.asgi_app import build
from ct_assets.sandbox.server.http_protocol import Protocol
from ct_assets.sandbox.server.origin_guard import is_loopback

KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off (40 ms for each answer) only where TCP is named.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server_of(sandbox: Sandbox, bound: socket.socket) -> uvicorn.Server:
    open_to_others = not is_loopback(bound.getsockname()[0])
    config = uvicorn.Config(
        build(sandbox, open_to_others=open_to_others),
        http=Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def running(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves in a thread until the block ends; gives the URL."""
    bound = listen(host, port)
    bound.listen(BACKLOG)
    server = server_of(sandbox, bound)
    thread = threading.Thread(target=server.run, args=([bound],), name="sandbox", daemon=True)
    thread.start()
    try:
        yield url_of(bound)
    finally:
        server.should_exit = True
        thread.join()
