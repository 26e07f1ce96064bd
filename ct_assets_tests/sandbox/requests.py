"""Short forms of what tests send to the sandbox."""

from typing import Any

import httpx
import pytest

from ct_assets.sandbox.sandbox_settings import Settings

Json = dict[str, Any]


def profile(identity: object = None, data: Json | None = None, **root: object) -> Json:
    who = {} if identity is None else {"identity": identity}
    return {"type": "profile", **who, **root, "profileData": data or {}}


def event(identity: object, name: str, data: Json | None = None, **root: object) -> Json:
    who = {} if identity is None else {"identity": identity}
    return {"type": "event", **who, "evtName": name, **root, "evtData": data or {}}


def upload(client: httpx.Client, *records: object, query: str = "") -> Json:
    answer = client.post(f"/1/upload{query}", json={"d": list(records)})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def accept(client: httpx.Client, *records: object) -> None:
    answer = upload(client, *records)
    assert answer == {"status": "success", "processed": len(records), "unprocessed": []}


def codes(answer: Json) -> list[int]:
    return [refused["code"] for refused in answer["unprocessed"]]


def read(client: httpx.Client, identity: str) -> Json | None:
    """The profile as profile.json shows it, without the devices."""
    answer = client.get("/1/profile.json", params={"identity": identity}).json()
    assert answer["status"] == "success"
    record: Json | None = answer["record"]
    return record and {key: value for key, value in record.items() if key != "platformInfo"}


def data_of(client: httpx.Client, identity: str) -> Json:
    record = read(client, identity)
    assert record is not None
    found: Json = record["profileData"]
    return found


def object_id_of(client: httpx.Client, identity: str) -> str:
    answer = client.get("/1/profile.json", params={"identity": identity}).json()
    found: str = answer["record"]["platformInfo"][0]["objectId"]
    return found


def errors(client: httpx.Client) -> list[tuple[str, str | None, str]]:
    """Kind, property and message of each line of the error stream."""
    rows = client.get("/sandbox/errors", params={"limit": 1000}).json()
    return [(row["kind"], row["property"], row["message"]) for row in rows]


def given(**settings: Any) -> pytest.MarkDecorator:
    """A sandbox with these settings."""
    return pytest.mark.parametrize("clevertap_sandbox", [Settings(**settings)], indirect=True)
