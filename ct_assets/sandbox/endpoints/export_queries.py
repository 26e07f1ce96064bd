"""Reads the queries of exports and counts: an event, a span of days, conditions."""

import base64
import re
import time
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from ct_assets.sandbox.json_types import Json, Record, read_object
from ct_assets.sandbox.store.reads.export_pages import OPERATORS, Condition, Query

Token = TypeVar("Token", bound=BaseModel)


class BadQueryError(Exception):
    """Says what is wrong with a query."""


def read_query(body: bytes, zone: str) -> Query:
    """Reads the query in the body of a request.

    Raises:
        BadQueryError: The body is not JSON, or leaves out what is required.
    """
    document = _document(body)
    name = document.get("event_name")
    if not isinstance(name, str) or not name:
        raise BadQueryError("event_name is required")
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
    document = read_object(body)
    if document is None:
        raise BadQueryError("Malformed request")
    return document


def _day(given: object, key: str) -> date:
    digits = re.fullmatch(r"\d{8}", str(given), re.ASCII)  # strptime takes fewer, too
    try:
        day = date(*time.strptime(digits[0] if digits else "", "%Y%m%d")[:3])
        # The last day has no tomorrow, which the end of a span needs.
        return min(day, date.max - timedelta(days=2))
    except ValueError:
        raise BadQueryError(f"{key} needs to be a date as YYYYMMDD") from None


def _midnight(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def _conditions(given: Json) -> tuple[Condition, ...]:
    try:
        conditions = tuple(Condition.model_validate(item) for item in given or ())  # type: ignore[union-attr]  # judged here
    except (ValidationError, TypeError):
        raise BadQueryError("a property takes name, operator and value") from None
    for condition in conditions:
        if condition.operator not in OPERATORS:
            raise BadQueryError(f"operator needs to be one of {', '.join(OPERATORS)}")
    return conditions


def ticket(model: BaseModel) -> str:
    """`model` as text that a later request brings back, so that it outlives a restart.

    It ends in two equals signs, as CleverTap's cursors do.
    """
    text = model.model_dump_json().encode()
    text += b" " * ((1 - len(text)) % 3)
    return base64.urlsafe_b64encode(text).decode()


def read_ticket(kind: type[Token], text: str) -> Token | None:
    """The model in a ticket; None if `text` is none of that kind, or is percent-encoded twice."""
    try:
        return kind.model_validate_json(base64.b64decode(text, altchars=b"-_", validate=True))
    except ValueError:
        return None
