"""Takes each request of CleverTap's API through credentials, slot, faults, endpoint and log."""

import asyncio
import hmac
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Handler, Sandbox
from ct_assets.sandbox.faults import FaultName, stores
from ct_assets.sandbox.server import body_transfer
from ct_assets.sandbox.server.body_transfer import HungUpError
from ct_assets.sandbox.server.broken_answers import broken
from ct_assets.sandbox.store.request_log import LogRow, excerpt


class Api:
    """One endpoint as an ASGI application.

    `limit` None: any number of requests in flight. `slot_of` tells from a body which of several
    limits the request counts against.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        handler: Handler,
        *,
        name: str,
        limit: int | None,
        slot_of: Callable[[bytes], str] | None = None,
    ) -> None:
        self._sandbox, self._handler = sandbox, handler
        self._name, self._limit, self._slot_of = name, limit, slot_of
        self._spaced = sandbox.settings.json_style == "spaced"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sandbox = self._sandbox
        exchange = _Exchange(sandbox, scope, sandbox.store.log.number(), sandbox.clock())
        exchange.fault = sandbox.faults.deal(scope["path"])
        try:
            answer = await self._answer(exchange, receive)
        except HungUpError:
            exchange.log(status=None)
            return
        exchange.answer = answers.spaced(answer) if self._spaced else answer
        transfer = body_transfer.AnswerTransfer(scope, receive, send, sandbox.faults.plan)
        exchange.log(status=None if transfer.is_silent(exchange.fault) else exchange.answer.status)
        await transfer.send_answer(exchange.fault, exchange.answer)

    async def _answer(self, exchange: "_Exchange", receive: Receive) -> Answer:
        """The slot is given back before the answer leaves, so that the next request finds it."""
        sandbox = self._sandbox
        if refused := exchange.refused():
            return refused
        try:
            slot = self._name
            if self._slot_of:
                exchange.body = await body_transfer.read_body(receive, sandbox.settings)
                slot = f"{slot} {self._slot_of(exchange.body or b'')}"
            if exchange.fault == "429" or not sandbox.slots.take(slot, self._limit, exchange.at):
                return exchange.too_many()
            return await self._in_slot(slot, exchange, receive)
        except TimeoutError:
            return answers.failure(408, "Request timeout")

    async def _in_slot(self, slot: str, exchange: "_Exchange", receive: Receive) -> Answer:
        sandbox = self._sandbox
        exchange.in_flight = sandbox.slots.in_flight(slot)
        try:
            if not self._slot_of:
                exchange.body = await body_transfer.read_body(receive, sandbox.settings)
            if exchange.body is None:
                return answers.failure(413, "Request entity too large")
            return await self._handled(exchange, receive)
        finally:
            sandbox.slots.give_back(slot)

    async def _handled(self, exchange: "_Exchange", receive: Receive) -> Answer:
        sandbox, fault = self._sandbox, exchange.fault
        answer = answers.failure(500, "Internal server error")
        if stores(fault):
            call = exchange.call()
            sandbox.store.settle(exchange.at)
            answer = self._handler(sandbox, call)
        if delay := sandbox.faults.delay():
            await asyncio.sleep(delay)
        if fault.startswith("timeout"):
            await body_transfer.hold(receive, sandbox.faults.plan.hold_seconds)
        return broken(fault, answer)


class _Exchange:
    """One request, with its fault, its answer and its line of the log."""

    def __init__(self, sandbox: Sandbox, scope: Scope, number: int, at: float) -> None:
        self._sandbox, self._scope = sandbox, scope
        self.number, self.at = number, at
        self.query = dict(
            parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        )
        self.headers = Headers(scope=scope)
        self.fault: FaultName = "ok"
        self.body: bytes | None = None
        self.answer = Answer(500, b"")
        self.in_flight = 0

    def call(self) -> Call:
        host = self.headers.get("host", "")
        return Call(self.number, self.query, self.body or b"", self.at, host, self.fault)

    def refused(self) -> Answer | None:
        """The answer if the headers alone refuse the request; None if they do not."""
        headers, settings = self.headers, self._sandbox.settings
        if not _same(headers.get("x-clevertap-account-id"), settings.account_id):
            return answers.failure(401, "Account ID is not valid")
        if self.fault == "revoked" or not _same(
            headers.get("x-clevertap-passcode"), settings.passcode
        ):
            return answers.failure(401, "Invalid Credentials")
        typed = self._scope["method"] == "GET" and "content-type" in headers
        return answers.malformed() if typed and settings.content_type_on_get == "refuse" else None

    def too_many(self) -> Answer:
        after = self._sandbox.faults.plan.retry_after or self._sandbox.settings.retry_after
        return answers.too_many(after)

    def log(self, status: int | None) -> None:
        sandbox, body = self._sandbox, self.body or b""
        if sandbox.settings.keep_bodies:
            sandbox.bodies.append((self.number, body))
        sandbox.store.log.add(
            LogRow(
                number=self.number,
                at=self.at,
                method=self._scope["method"],
                path=self._scope["path"],
                query=self._scope["query_string"].decode("latin-1"),
                status=status,
                records=self.answer.records,
                refused=self.answer.refused,
                bytes=len(body),
                seconds=sandbox.clock() - self.at,
                in_flight=self.in_flight,
                fault=None if self.fault == "ok" else self.fault,
                body=excerpt(body),
                answer=excerpt(self.answer.body) if status else "",
            )
        )


def _same(given: str | None, expected: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())
