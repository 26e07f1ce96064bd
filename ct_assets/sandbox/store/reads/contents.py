"""Reads all that the sandbox holds, as plain data and in pages."""

import sqlite3
from typing import Literal

import orjson

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.store.properties.property_types import NUMBERS
from ct_assets.sandbox.store.reads.api_shapes import identifiers

Part = Literal["profiles", "events", "errors", "requests"]

# Each statement takes the number after which to begin, and how many rows to read.
_PAGES: dict[Part, str] = {
    "profiles": "select pid, first_seen, last_seen, props from profiles"
    " where pid > ? order by pid limit ?",
    "events": "select seq, request, position, pid, name, ts, received, props from events"
    " join event_names using (name_id) where seq > ? order by seq limit ?",
    "errors": "select * from errors where seq > ? order by seq limit ?",
    "requests": "select * from requests where number > ? order by number limit ?",
}
PARTS: tuple[Part, ...] = tuple(_PAGES)


def page(reader: sqlite3.Connection, part: Part, after: int, size: int) -> list[dict[str, Json]]:
    """In the order of arrival; the first column numbers the rows for the next page's `after`."""
    rows = []
    for row in reader.execute(_PAGES[part], (after, size)):
        record = dict(row)
        if "props" in record:
            record["props"] = orjson.loads(record["props"])
            named = identifiers(reader, record["pid"])
            record["identifiers"] = [f"{kind}:{value}" for kind, value in named]
        rows.append(record)
    return rows


def event_names(reader: sqlite3.Connection) -> list[str]:
    """In alphabetical order."""
    return [row[0] for row in reader.execute("select name from event_names order by name")]


def user_properties(reader: sqlite3.Connection) -> list[tuple[str, str]]:
    """Names in alphabetical order, and the type that each was first seen with."""
    rows = reader.execute(
        "select property, type, min(first_seen) from schema where name_id = 0 and seen > 0"
        " group by property order by property"
    )
    return [(name, type_) for name, type_, _ in rows]


def schema(reader: sqlite3.Connection) -> list[dict[str, Json]]:
    """The generated schema: for each property its types, the first one first.

    `filled` counts the profiles, or the events of the name, that have a value; `of` is their
    number. A property conflicts when values of a second type came, be they kept or dropped.
    """
    rows = reader.execute(
        "select name_id, name, property, type, first_seen, seen, dropped from schema"
        " left join event_names using (name_id)"
        " order by name_id, property, seen = 0, first_seen, seen desc"
    )
    filled, totals = _filled(reader), _totals(reader)
    by_property: dict[tuple[int, str], dict[str, Json]] = {}
    for owner, name, field, kind, first_seen, seen, dropped in rows:
        entry = by_property.setdefault(
            (owner, field),
            {"event": name, "property": field, "type": kind, "first_seen": first_seen}
            | {"types": [], "conflict": False}
            | {"filled": filled.get((owner, field), 0), "of": totals.get(owner, 0)},
        )
        entry["conflict"] = entry["conflict"] or not _same(str(entry["type"]), kind)
        types = entry["types"]
        assert isinstance(types, list)  # noqa: S101 - set above
        types.append({"type": kind, "seen": seen, "dropped": dropped})
    return list(by_property.values())


def _same(type_: str, other: str) -> bool:
    return type_ == other or (type_ in NUMBERS and other in NUMBERS)


def _filled(reader: sqlite3.Connection) -> dict[tuple[int, str], int]:
    rows = reader.execute(
        "select 0, key, count(*) from profiles, json_each(profiles.props) group by key"
        " union all select name_id, key, count(*) from events, json_each(events.props)"
        " group by name_id, key"
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _totals(reader: sqlite3.Connection) -> dict[int, int]:
    rows = reader.execute(
        "select 0, count(*) from profiles"
        " union all select name_id, count(*) from events group by name_id"
    )
    return {row[0]: row[1] for row in rows}
