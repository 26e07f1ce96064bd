"""One request and the literal answer to it, and requests that follow each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

PHONE = "+35922333232"
NOON = 1_700_049_600
"""2023-11-15 12:00:00 UTC."""
A, B = "<run>-a", "<run>-b"
"""Two people of a story."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that stores nothing: uploads are dry runs."""

    name: str
    seen: bool
    """The answer was captured from CleverTap or is published, not made up by the sandbox."""
    body: bytes = b""
    status: int = 200
    answer: Json
    headers: Mapping[str, str | None] | None = None
    """Instead of the right credentials; None leaves a header out."""
    path: str = "/1/upload?dryRun=1"
    method: str = "POST"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A request of a story; `<name>` in it, and in its answer, is what a story knows by that name.

    `<run>` is another one each time, so that a story can be told to one server twice.
    """

    path: str
    body: Json | str | None = None
    answer: Json | None
    """None: an empty one."""
    status: int = 200
    method: str = "POST"
    keep: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    """What the story knows from then on, and where in the answer it stands."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Requests that store something, and what is read of it afterwards."""

    name: str
    steps: Sequence[Step]


SUCCESS = {"status": "success"}


def taken(records: int) -> Json:
    return {"status": "success", "processed": records, "unprocessed": []}


def profile(data: Json | None = None, identity: object = "conformance", **root: object) -> Json:
    return {"type": "profile", "identity": identity, **root, "profileData": data or {}}


def event(
    name: object = "Viewed",
    data: object = None,
    identity: object = "conformance",
    **root: object,
) -> Json:
    record = {"type": "event", "identity": identity, "evtName": name, **root}
    return record | {"evtData": {} if data is None else data}


def token(object_id: str, **data: object) -> Json:
    return {"type": "token", "objectId": object_id, "tokenData": data}


def uploaded(*records: object) -> bytes:
    return json.dumps({"d": records}).encode()


def accepted(name: str, *records: Json, seen: bool = True) -> Case:
    return Case(name=name, seen=seen, body=uploaded(*records), answer=taken(len(records)))


def refusal(record: object, code: int, text: str, number: int = 1) -> Json:
    error = f"{text}Skipped record number : {number}"
    return {"status": "fail", "code": code, "error": error, "record": record}


def refused(
    name: str, record: object, code: int, text: str, *, echo: object = None, seen: bool = False
) -> Case:
    unprocessed = [refusal(record if echo is None else echo, code, text)]
    answer = {"status": "fail", "processed": 0, "unprocessed": unprocessed}
    return Case(name=name, seen=seen, body=uploaded(record), answer=answer)


def failure(status: int, error: str) -> Json:
    return {"status": "fail", "error": error, "code": status}


def failed(name: str, status: int, error: str, *, seen: bool, **changes: Any) -> Case:
    body = changes.pop("body", uploaded(profile()))
    return Case(
        name=name, seen=seen, status=status, answer=failure(status, error), body=body, **changes
    )


def upload(*records: Json, answer: Json | None = None) -> Step:
    """A step that stores these records."""
    return Step(path="/1/upload", body={"d": list(records)}, answer=answer or taken(len(records)))


def read(
    who: str, record: Json | None, keep: Mapping[str, tuple[str | int, ...]] | None = None
) -> Step:
    """A step that finds `record` where the query `who` leads, with the one device it has."""
    device = {"platform": "Web", "objectId": "<objectId>"}
    known = record and record | {"platformInfo": [device]}
    kept = {"objectId": ("record", "platformInfo", 0, "objectId")} if record else {}
    return Step(
        method="GET",
        path=f"/1/profile.json?{who}",
        answer=SUCCESS | {"record": known},
        keep=kept | dict(keep or {}),
    )


def bare(identity: str, data: Json | None = None) -> Json:
    return {"identity": identity, "profileData": data or {}, "events": {}}
