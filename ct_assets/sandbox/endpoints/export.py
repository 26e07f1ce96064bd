"""Exports profiles and events: a POST opens an export, GETs read it along cursors."""

from collections.abc import Callable
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from ct_assets.clevertap.contract import RESERVED_EVENTS
from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.endpoints.export_queries import (
    BadQueryError,
    read_query,
    read_ticket,
    ticket,
)
from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.judge.event_checks import canonical
from ct_assets.sandbox.store.reads.export_pages import Query

Kind = Literal["profiles", "events"]

MAX_BATCH = 5000
_BATCH = 10
_LARGEST = 2**62
# Seconds a cursor lives: four days for profiles, four hours for events, and no more than an hour
# of these unused.
_LIFE = {"profiles": 345_600, "events": 14_400}
_IDLE = {"profiles": 345_600, "events": 3_600}
_REFUSED = frozenset(canonical(n) for n in RESERVED_EVENTS if n.startswith("Notification"))


class ExportCursor(BaseModel):
    """The state of an export between two pages."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    query: Query
    after: int = Field(ge=0, le=_LARGEST)
    size: int = Field(gt=0, le=MAX_BATCH)
    fields: frozenset[str]
    ready: float
    expires: float
    idle: float
    """The moment after which it is no longer valid unless it was used."""

    def text(self) -> str:
        """Percent-encoded already, as CleverTap's cursors are."""
        return quote(ticket(self), safe="")


def open_export(kind: Kind) -> Callable[[Sandbox, Call], Answer]:
    """POST /1/<kind>.json."""

    def handler(sandbox: Sandbox, call: Call) -> Answer:
        return _opened(sandbox, call, kind, call.body)

    return handler


def read_export(kind: Kind) -> Callable[[Sandbox, Call], Answer]:
    """GET /1/<kind>.json?cursor=, or ?query= for clients that open an export with GET."""

    def handler(sandbox: Sandbox, call: Call) -> Answer:
        if "query" in call.query:
            return _opened(sandbox, call, kind, call.query["query"].encode())
        cursor = read_ticket(ExportCursor, call.query.get("cursor", ""))
        if cursor is None or cursor.kind != kind or min(cursor.expires, cursor.idle) < call.now:
            return _fail("Incorrect Usage", 3)
        if cursor.ready > call.now:
            return _fail("Request still in progress, please retry later", 2)
        return _page(sandbox, cursor.model_copy(update={"idle": call.now + _IDLE[kind]}))

    return handler


def _opened(sandbox: Sandbox, call: Call, kind: Kind, body: bytes) -> Answer:
    try:
        query = read_query(body, sandbox.settings.time_zone)
        size = _batch_size(call.query.get("batch_size"))
    except BadQueryError as error:
        return answers.failure(400, str(error))
    if canonical(query.event_name) in _REFUSED:
        return answers.failure(400, "Export not allowed for this event")
    cursor = ExportCursor(
        kind=kind,
        query=query,
        after=0,
        size=size,
        fields=_fields(call.query),
        ready=call.now + sandbox.settings.export_delay_seconds,
        expires=call.now + _LIFE[kind],
        idle=call.now + _IDLE[kind],
    )
    return answers.answer({"status": "success", "cursor": cursor.text()})


def _page(sandbox: Sandbox, cursor: ExportCursor) -> Answer:
    exports, query = sandbox.store.exports, cursor.query
    if cursor.kind == "events":
        records, following = exports.events(query, cursor.after, cursor.size)
    else:
        records, following = exports.profiles(
            query, cursor.after, cursor.size, fields=cursor.fields
        )
    page: dict[str, Json] = {"status": "success"}
    before = exports.before(query, cursor.after, cursor.size, distinct=cursor.kind == "profiles")
    for name, after in (("previous_cursor", before), ("next_cursor", following)):
        if after is not None:
            page[name] = cursor.model_copy(update={"after": after}).text()
    return answers.answer(page | {"records": records})


def _batch_size(given: str | None) -> int:
    if given is None:
        return _BATCH
    if not given.isascii() or not given.isdigit() or not 0 < int(given) <= MAX_BATCH:
        raise BadQueryError(f"batch_size needs to be 1 to {MAX_BATCH}")
    return int(given)


def _fields(query: dict[str, str]) -> frozenset[str]:
    """Profile and app fields are left out if asked, events' counts are there if asked."""
    wanted = {"profile": "true", "app": "true", "events": "false"}
    return frozenset(n for n, usual in wanted.items() if query.get(n, usual).lower() == "true")


def _fail(error: str, code: int) -> Answer:
    return answers.answer({"status": "fail", "error": error, "code": code})
