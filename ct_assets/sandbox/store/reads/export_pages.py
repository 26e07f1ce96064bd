"""Reads profiles and events page by page, as exports ask for them."""

import math
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.store.reads import api_shapes

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": lambda have, want: have in (want if isinstance(want, list) else [want]),
    "not_equals": lambda have, want: have not in (want if isinstance(want, list) else [want]),
    "contains": lambda have, want: str(want) in str(have),
    "not_contains": lambda have, want: str(want) not in str(have),
    "less_than": lambda have, want: _number(have) < _number(want),
    "greater_than": lambda have, want: _number(have) > _number(want),
}


class Condition(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    operator: str = "equals"
    value: JsonValue

    def holds(self, props: Mapping[str, Json]) -> bool:
        have = props.get(self.name)
        return have is not None and OPERATORS[self.operator](have, self.value)


_FAR = 10**12


class Query(BaseModel):
    """The query of an export; it is part of the cursor."""

    model_config = ConfigDict(frozen=True)

    event_name: str
    since: int = Field(ge=-_FAR, le=_FAR)
    """Epoch seconds, the first that counts."""
    until: int = Field(ge=-_FAR, le=_FAR)
    """Epoch seconds, the first that does not count."""
    event_properties: tuple[Condition, ...] = ()
    profile_fields: tuple[Condition, ...] = ()


_EVENTS = """
select seq, pid, ts, e.props from events e join event_names using (name_id)
join profiles p using (pid)
where name = ? and ts >= ? and ts < ? and fits('event', e.props) and fits('profile', p.props)
"""

# ruff: noqa: S608 - the statements are put together from these constants alone
_PAGE = f"select * from ({_EVENTS}) where seq > ? order by seq limit ?"
_PEOPLE = f"select distinct pid from ({_EVENTS}) where pid > ? order by pid limit ?"
_BEFORE = f"select seq from ({_EVENTS}) where seq <= ? order by seq desc limit ?"
_PEOPLE_BEFORE = f"select distinct pid from ({_EVENTS}) where pid <= ? order by pid desc limit ?"
_COUNT = f"select count(*) from ({_EVENTS}) where seq > ? limit ?"
_COUNT_PEOPLE = f"select count(distinct pid) from ({_EVENTS}) where seq > ? limit ?"


class ExportPages:
    def __init__(self, connection: sqlite3.Connection, time_zone: str) -> None:
        self._connection, self._zone = connection, ZoneInfo(time_zone)

    def events(self, query: Query, after: int, size: int) -> tuple[list[Json], int | None]:
        """A page of events, and where the next one begins if there is one."""
        rows = self._rows(query, _PAGE, after, size)
        page: list[Json] = [self._event(*row[1:]) for row in rows[:size]]
        return page, rows[size - 1][0] if len(rows) > size else None

    def profiles(
        self, query: Query, after: int, size: int, *, fields: frozenset[str]
    ) -> tuple[list[Json], int | None]:
        """Profiles that did the event, with the groups of `fields`: profile, app, events."""
        rows = self._rows(query, _PEOPLE, after, size)
        page: list[Json] = [self._profile(row[0], fields) for row in rows[:size]]
        return page, rows[size - 1][0] if len(rows) > size else None

    def count(self, query: Query, *, distinct: bool) -> int:
        statement = _COUNT_PEOPLE if distinct else _COUNT
        number: int = self._rows(query, statement, 0, 1)[0][0]
        return number

    def before(self, query: Query, after: int, size: int, *, distinct: bool) -> int | None:
        """Where the page before the one that begins after `after` begins."""
        rows = self._rows(query, _PEOPLE_BEFORE if distinct else _BEFORE, after, size)
        if not rows:
            return None
        return rows[size][0] if len(rows) > size else 0

    def _rows(self, query: Query, statement: str, after: int, size: int) -> list[Any]:
        """One row more than a page holds."""
        conditions = {"event": query.event_properties, "profile": query.profile_fields}

        def fits(kind: str, props: str) -> bool:
            wanted = conditions[kind]
            return not wanted or all(c.holds(orjson.loads(props)) for c in wanted)

        self._connection.create_function("fits", 2, fits)
        args = (query.event_name, query.since, query.until, after, size + 1)
        return self._connection.execute(statement, args).fetchall()

    def _event(self, pid: int, ts: int, props: str) -> Json:
        return {
            "profile": api_shapes.event_profile(self._connection, pid),
            "ts": int(datetime.fromtimestamp(ts, self._zone).strftime("%Y%m%d%H%M%S")),
            "event_props": orjson.loads(props),
            "session_props": {},
        }

    def _profile(self, pid: int, fields: frozenset[str]) -> Json:
        record = api_shapes.profile(self._connection, pid)
        groups = {
            "profile": ("profileData",),
            "app": ("platformInfo",),
            "events": ("events",),
        }
        unwanted = {key for name, keys in groups.items() if name not in fields for key in keys}
        return {key: value for key, value in record.items() if key not in unwanted}


def _number(value: object) -> float:
    """NaN for what is no number, so that no comparison holds."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except ValueError:
        return math.nan
