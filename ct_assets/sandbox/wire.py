"""The HTTP server's protocol, with two things of ours: patience that ends, and breakable wires."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ct_assets.sandbox.delivery import TRANSPORT


class Protocol(HttpToolsProtocol):
    head_seconds = 30.0
    """Time for the head of a connection's first request; uvicorn itself waits for ever."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.loop.call_later(self.head_seconds, self._close_if_silent)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"": self.transport}}

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
