"""Reads the schema as CleverTap would generate it from what arrived."""

import sqlite3
from typing import NamedTuple

from ct_assets.sandbox.store.properties.generated_schema import USER
from ct_assets.sandbox.store.properties.property_types import NUMBERS

SAMPLE = 2000
_PROFILES = "select props from profiles order by pid desc limit :size"
_EVENTS = "select props from events where name_id = :owner order by ts desc, seq desc limit :size"


class TypeSeen(NamedTuple):
    type: str
    seen: int
    dropped: int

    def fits(self, other: "TypeSeen") -> bool:
        return self.type == other.type or NUMBERS.issuperset((self.type, other.type))


class Property(NamedTuple):
    name: str
    first_seen: int
    types: tuple[TypeSeen, ...]
    """The type it was first seen with comes first: CleverTap holds on to it."""
    filled: int

    @property
    def seen(self) -> int:
        return sum(kind.seen for kind in self.types)


class Owner(NamedTuple):
    """User properties, or the properties of one event."""

    owner: int
    properties: int
    conflicts: int


class Sample(NamedTuple):
    size: int
    filled: dict[str, int]


def owners(reader: sqlite3.Connection) -> dict[int, Owner]:
    rows = reader.execute(
        "select name_id, count(*), sum(kinds > 1) from (select name_id, property,"
        " count(distinct iif(type = 'Float', 'Integer', type)) as kinds"
        " from schema group by name_id, property) group by name_id"
    )
    return {row[0]: Owner(*row) for row in rows}


def sample(reader: sqlite3.Connection, owner: int) -> Sample:
    """How many of the newest profiles, or events of a name, have each property."""
    newest = _PROFILES if owner == USER else _EVENTS
    values = {"owner": owner, "size": SAMPLE}
    size = reader.execute(f"select count(*) from ({newest})", values).fetchone()[0]  # noqa: S608
    rows = reader.execute(
        f"select key, count(*) from ({newest}) as s, json_each(s.props) group by key",  # noqa: S608
        values,
    )
    return Sample(size, dict(rows.fetchall()))


def properties(reader: sqlite3.Connection, owner: int, filled: Sample) -> list[Property]:
    rows = reader.execute(
        "select property, first_seen, type, seen, dropped from schema where name_id = ?"
        " order by property, seen = 0, first_seen, seen desc, type",
        (owner,),
    )
    by_name: dict[str, Property] = {}
    for name, first_seen, *seen in rows:
        known = by_name.get(name) or Property(name, first_seen, (), filled.filled.get(name, 0))
        first = min(known.first_seen, first_seen)
        by_name[name] = known._replace(first_seen=first, types=(*known.types, TypeSeen(*seen)))
    return list(by_name.values())
