"""Reads profiles and events in the shapes of CleverTap's APIs."""

import sqlite3
from typing import Any

import orjson

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.judge.token_checks import platform_of

_SYSTEM = {"Name": "name", "Email": "email", "Phone": "phone"}

_IDENTIFIED = "select pid from identifiers where kind = ? and value = ?"
_FIND = {
    "identity": (_IDENTIFIED, "identity"),
    "objectId": (_IDENTIFIED, "objectId"),
    "email": ("select min(pid) from profiles where email = ?",),
}


def find(connection: sqlite3.Connection, key: str, value: str) -> int | None:
    """The profile with this identity, objectId or e-mail address."""
    statement, *kind = _FIND[key]
    row = connection.execute(statement, (*kind, value)).fetchone()
    pid: int | None = row[0] if row else None
    return pid


def profile(connection: sqlite3.Connection, pid: int) -> dict[str, Json]:
    """The profile as /1/profile.json shows it: unknown fields are left out."""
    return _properties(connection, pid) | {
        "events": event_summary(connection, pid),
        "platformInfo": platforms(connection, pid),
    }


def _properties(connection: sqlite3.Connection, pid: int) -> dict[str, Any]:
    (text,) = connection.execute("select props from profiles where pid = ?", (pid,)).fetchone()
    props = orjson.loads(text)
    record = {name: props.pop(field) for field, name in _SYSTEM.items() if field in props}
    identities = [value for kind, value in identifiers(connection, pid) if kind == "identity"]
    if identities:
        record["identity"] = identities[0]
    return record | {"profileData": props}


def event_profile(connection: sqlite3.Connection, pid: int) -> dict[str, Json]:
    """The profile as /1/events.json shows it beside an event."""
    record = _properties(connection, pid)
    device = platforms(connection, pid)[:1]
    person: dict[str, Json] = dict(device[0]) if device else {}
    person.pop("push_token", None)
    for key in ("email", "identity", "profileData"):
        if key in record:
            person[key] = record[key]
    return person | {"id": str(pid)}


def identifiers(connection: sqlite3.Connection, pid: int) -> list[tuple[str, str]]:
    """Kind and value, the earliest first."""
    rows = connection.execute(
        "select kind, value from identifiers where pid = ? order by at, kind, value", (pid,)
    )
    return [(row[0], row[1]) for row in rows]


def event_summary(connection: sqlite3.Connection, pid: int) -> dict[str, dict[str, int]]:
    rows = connection.execute(
        "select name, count(*), min(ts), max(ts) from events join event_names using (name_id)"
        " where pid = ? group by name_id order by min(ts), name",
        (pid,),
    )
    return {row[0]: {"count": row[1], "first_seen": row[2], "last_seen": row[3]} for row in rows}


def platforms(connection: sqlite3.Connection, pid: int) -> list[dict[str, str]]:
    rows = connection.execute(
        "select i.value, d.token from identifiers i left join devices d on d.object_id = i.value"
        " where i.pid = ? and i.kind = 'objectId' order by i.at, i.value",
        (pid,),
    )
    return [
        {"platform": platform_of(object_id)}
        | ({"push_token": token} if token else {})
        | {"objectId": object_id}
        for object_id, token in rows
    ]
