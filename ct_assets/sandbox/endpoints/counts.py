"""Counts profiles or events; a count that is not ready is asked for again by its `req_id`."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.endpoints.export import Kind
from ct_assets.sandbox.endpoints.export_queries import (
    BadQueryError,
    read_query,
    read_ticket,
    ticket,
)
from ct_assets.sandbox.store.reads.export_pages import Query


class Pending(BaseModel):
    """A count that was asked for, and the moment at which it is ready."""

    model_config = ConfigDict(frozen=True)

    query: Query
    ready: float


def count(kind: Kind) -> Callable[[Sandbox, Call], Answer]:
    """POST /1/counts/<kind>.json with a query, or GET with the `req_id` of one."""

    def handler(sandbox: Sandbox, call: Call) -> Answer:
        if "req_id" in call.query:
            pending = read_ticket(Pending, call.query["req_id"])
            return _answer(sandbox, call, kind, pending) if pending else _unknown()
        try:
            query = read_query(call.body, sandbox.settings.time_zone)
        except BadQueryError as error:
            return answers.failure(400, str(error))
        ready = call.now + sandbox.settings.export_delay_seconds
        return _answer(sandbox, call, kind, Pending(query=query, ready=ready))

    return handler


def _answer(sandbox: Sandbox, call: Call, kind: Kind, pending: Pending) -> Answer:
    if pending.ready > call.now:
        return answers.answer({"status": "partial", "req_id": ticket(pending)})
    count = sandbox.store.exports.count(pending.query, distinct=kind == "profiles")
    return answers.answer({"status": "success", "count": count})


def _unknown() -> Answer:
    return answers.failure(400, "req_id is not known")
