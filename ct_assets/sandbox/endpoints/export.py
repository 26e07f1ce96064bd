"""Exports of profiles and events: opened with a question, then read along cursors."""

import base64
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ct_assets.clevertap.contract import RESERVED_EVENTS
from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.api import Call
from ct_assets.sandbox.core import Sandbox
from ct_assets.sandbox.judge.events import canonical
from ct_assets.sandbox.store.exports import OPERATORS, Condition, Query
from ct_assets.sandbox.values import Json, Record

Kind = Literal["profiles", "events"]

MAX_BATCH = 5000
_BATCH = 10
_LARGEST = 2**62
# Seconds a cursor lives: four days for profiles, four hours for events.
_LIFE = {"profiles": 345_600, "events": 14_400}
_REFUSED = frozenset(canonical(n) for n in RESERVED_EVENTS if n.startswith("Notification"))


class Cursor(BaseModel):
    """All that the next page needs, so that cursors outlive a restart."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    query: Query
    after: int = Field(ge=0, le=_LARGEST)
    size: int = Field(gt=0, le=MAX_BATCH)
    fields: frozenset[str]
    ready: float
    expires: float

    def text(self) -> str:
        """Percent-encoded already, as CleverTap's cursors are, which end in two signs of it."""
        text = self.model_dump_json().encode()
        text += b" " * ((1 - len(text)) % 3)
        return quote(base64.b64encode(text), safe="")


class _BadQueryError(Exception):
    """Says what is wrong with a question."""


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
        cursor = _cursor(call.query.get("cursor", ""))
        if cursor is None or cursor.kind != kind or cursor.expires < call.now:
            return _fail("Incorrect Usage", 3)
        if cursor.ready > call.now:
            return _fail("Request still in progress, please retry later", 2)
        return _page(sandbox, cursor)

    return handler


def count(kind: Kind) -> Callable[[Sandbox, Call], Answer]:
    """POST /1/counts/<kind>.json."""

    def handler(sandbox: Sandbox, call: Call) -> Answer:
        try:
            query = _query(call.body, sandbox.settings.time_zone)
        except _BadQueryError as error:
            return answers.failure(400, str(error))
        found = sandbox.store.exports.count(query, distinct=kind == "profiles")
        return answers.answer({"status": "success", "count": found})

    return handler


def _opened(sandbox: Sandbox, call: Call, kind: Kind, body: bytes) -> Answer:
    try:
        query = _query(body, sandbox.settings.time_zone)
        size = _batch_size(call.query.get("batch_size"))
    except _BadQueryError as error:
        return answers.failure(400, str(error))
    if canonical(query.event_name) in _REFUSED:
        return answers.failure(400, "Export not allowed for this event")
    cursor = Cursor(
        kind=kind,
        query=query,
        after=0,
        size=size,
        fields=_fields(call.query),
        ready=call.now + sandbox.settings.export_delay_seconds,
        expires=call.now + _LIFE[kind],
    )
    return answers.answer({"status": "success", "cursor": cursor.text()})


def _page(sandbox: Sandbox, cursor: Cursor) -> Answer:
    exports, query = sandbox.store.exports, cursor.query
    if cursor.kind == "events":
        found, following = exports.events(query, cursor.after, cursor.size)
    else:
        found, following = exports.profiles(query, cursor.after, cursor.size, fields=cursor.fields)
    page: dict[str, Json] = {"status": "success"}
    before = exports.before(query, cursor.after, cursor.size, distinct=cursor.kind == "profiles")
    for name, after in (("previous_cursor", before), ("next_cursor", following)):
        if after is not None:
            page[name] = cursor.model_copy(update={"after": after}).text()
    return answers.answer(page | {"records": found})


def _query(body: bytes, zone: str) -> Query:
    document = _document(body)
    name = document.get("event_name")
    if not isinstance(name, str) or not name:
        raise _BadQueryError("event_name is required")
    first, last = (_day(document.get(key), key) for key in ("from", "to"))
    common = document.get("common_profile_properties")
    fields = common.get("profile_fields") if isinstance(common, dict) else None
    return Query(
        event_name=name,
        since=_midnight(first, zone),
        until=_midnight(last + timedelta(days=1), zone),
        event_properties=_conditions(document.get("event_properties")),
        profile_fields=_conditions(fields),
    )


def _document(body: bytes) -> Record:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise _BadQueryError("Malformed request")
    return document


def _day(given: object, key: str) -> date:
    try:
        # The last day has no tomorrow, which the end of a span needs.
        return min(date(*time.strptime(str(given), "%Y%m%d")[:3]), date.max - timedelta(days=2))
    except ValueError:
        raise _BadQueryError(f"{key} needs to be a date as YYYYMMDD") from None


def _midnight(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def _conditions(given: Json) -> tuple[Condition, ...]:
    try:
        found = tuple(Condition.model_validate(one) for one in given or ())  # type: ignore[union-attr]  # judged here
    except (ValidationError, TypeError):
        raise _BadQueryError("a property takes name, operator and value") from None
    for condition in found:
        if condition.operator not in OPERATORS:
            raise _BadQueryError(f"operator needs to be one of {', '.join(OPERATORS)}")
    return found


def _batch_size(given: str | None) -> int:
    if given is None:
        return _BATCH
    if not given.isascii() or not given.isdigit() or not 0 < int(given) <= MAX_BATCH:
        raise _BadQueryError(f"batch_size needs to be 1 to {MAX_BATCH}")
    return int(given)


def _fields(query: dict[str, str]) -> frozenset[str]:
    """Profile and app fields are left out if asked, events' counts are there if asked."""
    wanted = {"profile": "true", "app": "true", "events": "false"}
    return frozenset(n for n, usual in wanted.items() if query.get(n, usual).lower() == "true")


def _cursor(text: str) -> Cursor | None:
    try:
        return Cursor.model_validate_json(base64.b64decode(text, validate=True))
    except ValueError:
        return None


def _fail(error: str, code: int) -> Answer:
    return answers.answer({"status": "fail", "error": error, "code": code})
