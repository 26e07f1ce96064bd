"""Serves a sandbox in the process of a test, and shows the test what it stored."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ct_assets.sandbox.endpoint_context import Sandbox, open_sandbox
from ct_assets.sandbox.faults import Faults, Plan
from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.server.http_server import running
from ct_assets.sandbox.store.sqlite_database import open_reader

__all__ = ["Event", "Faults", "Plan", "Profile", "Request", "SandboxInTest", "Settings", "served"]

MOST_BODIES = 100_000


@dataclass(frozen=True)
class Event:
    """One stored copy; equal events that arrived twice are two of them."""

    seq: int
    """Order of arrival."""
    request: int
    position: int
    """0-based, within its request."""
    name: str
    ts: int
    identity: str | None
    identifiers: tuple[str, ...]
    """`kind:value`, all of its profile's."""
    props: dict[str, Json]


@dataclass(frozen=True)
class Profile:
    pid: int
    identity: str | None
    identifiers: tuple[str, ...]
    props: dict[str, Json]


@dataclass(frozen=True)
class Request:
    number: int
    method: str
    path: str
    query: str
    status: int | None
    """None when the sender got no answer."""
    records: int | None
    refused: int | None
    in_flight: int
    fault: str | None
    body: bytes

    @property
    def sent(self) -> list[dict[str, Json]]:
        """The records of an upload."""
        records: list[dict[str, Json]] = orjson.loads(self.body)["d"]
        return records


class SandboxInTest:
    def __init__(self, url: str, sandbox: Sandbox) -> None:
        self.url = url
        self.sandbox = sandbox
        self.account_id = sandbox.settings.account_id
        self.passcode = sandbox.settings.passcode

    @property
    def id(self) -> str:
        return self.sandbox.store.id

    @property
    def faults(self) -> Faults:
        return self.sandbox.faults

    @property
    def max_in_flight_seen(self) -> int:
        """Uploads in flight at one time, at most, since the start."""
        return self.sandbox.slots.most_seen["/1/upload"]

    def profiles(self) -> list[Profile]:
        """In the order in which they came to be."""
        with _reading(self.sandbox) as connection:
            rows = connection.execute("select pid, props from profiles order by pid").fetchall()
            named = _identifiers(connection)
        return [
            Profile(pid, **_named(named.get(pid, ())), props=orjson.loads(props))
            for pid, props in rows
        ]

    def members(self, segment: str) -> list[str]:
        """Identities of the people in the custom list of that name, in alphabetical order."""
        with _reading(self.sandbox) as connection:
            rows = connection.execute(
                "select value from members join segments using (segment)"
                " join identifiers using (pid) where kind = 'identity' and name = ? order by value",
                (segment,),
            )
            return [value for (value,) in rows]

    def events(self) -> list[Event]:
        """In the order of their arrival."""
        with _reading(self.sandbox) as connection:
            rows = connection.execute(
                "select pid, props, seq, request, position, name, ts from events"
                " join event_names using (name_id) order by seq"
            ).fetchall()
            named = _identifiers(connection)
        return [
            Event(
                **_named(named[row["pid"]]),
                **{name: row[name] for name in _EVENT},
                props=orjson.loads(row["props"]),
            )
            for row in rows
        ]

    def requests(self) -> list[Request]:
        """In the order of their arrival, with their whole bodies."""
        bodies = dict(self.sandbox.bodies)
        with _reading(self.sandbox) as connection:
            rows = connection.execute(
                "select number, method, path, query, status, records, refused, in_flight, fault"
                " from requests order by number"
            ).fetchall()
        return [Request(**dict(row), body=bodies.get(row["number"], b"")) for row in rows]


_EVENT = ("seq", "request", "position", "name", "ts")


@contextlib.contextmanager
def served(folder: Path, settings: Settings | None = None) -> Iterator[SandboxInTest]:
    """A sandbox in a thread of this process, until the block ends; it keeps every body."""
    settings = settings or Settings()
    kept = settings.model_copy(update={"keep_bodies": settings.keep_bodies or MOST_BODIES})
    sandbox = open_sandbox(folder, kept)
    with contextlib.closing(sandbox.store), running(sandbox) as url:
        yield SandboxInTest(url, sandbox)


@contextlib.contextmanager
def _reading(sandbox: Sandbox) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(open_reader(sandbox.store.path)) as connection:
        yield connection


def _identifiers(connection: sqlite3.Connection) -> dict[int, tuple[str, ...]]:
    """`kind:value` of every profile, CleverTap's own ids last."""
    by_pid: dict[int, list[str]] = {}
    for kind, value, pid in connection.execute(
        "select kind, value, pid from identifiers order by kind = 'objectId', at, kind, value"
    ):
        by_pid.setdefault(pid, []).append(f"{kind}:{value}")
    return {pid: tuple(names) for pid, names in by_pid.items()}


def _named(names: tuple[str, ...]) -> dict[str, Any]:
    identities = (n.removeprefix("identity:") for n in names if n.startswith("identity:"))
    return {"identity": next(identities, None), "identifiers": names}
