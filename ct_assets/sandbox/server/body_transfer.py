"""Receives the bytes of requests and sends those of answers, intact or broken as a fault asks."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.faults import FaultName, Plan
from ct_assets.sandbox.sandbox_settings import Settings

TRANSPORT = "ct_assets.transport"
"""Where `http_protocol.Protocol` leaves the connection, for the faults that break it."""

_SILENT = {"reset", "reset-stored", "timeout", "timeout-stored"}


class HungUpError(Exception):
    """The sender closed the connection."""


async def read_body(receive: Receive, settings: Settings) -> bytes | None:
    """The whole body; None if it is longer than the settings allow. Too slow: TimeoutError."""
    parts, length = [], 0
    async with asyncio.timeout(settings.body_seconds):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUpError
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if settings.max_body_bytes is not None and length > settings.max_body_bytes:
                return None
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)


async def hold(receive: Receive, seconds: float) -> None:
    """Waits for `seconds`, or until the sender hangs up.

    Raises:
        HungUpError: The sender hung up.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _disconnected(receive)
            raise HungUpError


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True, slots=True)
class AnswerTransfer:
    """Sends one answer over its connection."""

    scope: Scope
    receive: Receive
    send: Send
    plan: Plan

    @staticmethod
    def is_silent(fault: FaultName) -> bool:
        return fault in _SILENT

    async def send_answer(self, fault: FaultName, answer: Answer) -> None:
        if self.is_silent(fault):
            await self._reset()
            return
        length = (b"content-length", str(len(answer.body)).encode())
        headers = [*answer.headers, length]
        await self.send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        if fault == "truncated":
            await self._cut(answer.body)
        elif fault == "drip":
            await self._drip(answer.body)
        else:
            await self.send({"type": "http.response.body", "body": answer.body})

    async def _reset(self) -> None:
        transport = self._transport()
        # Lingering for zero seconds makes the kernel send RST where it would send FIN.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        transport.abort()
        await _disconnected(self.receive)

    async def _cut(self, body: bytes) -> None:
        half = body[: len(body) // 2]
        await self.send({"type": "http.response.body", "body": half, "more_body": True})
        self._transport().close()
        await _disconnected(self.receive)

    async def _drip(self, body: bytes) -> None:
        for byte in body:
            part = bytes((byte,))
            await self.send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(self.plan.drip_seconds)
        await self.send({"type": "http.response.body", "body": b""})

    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport = self.scope["extensions"][TRANSPORT][""]
        return transport
