"""Replies of CleverTap to an upload."""

import json

import orjson

from ct_assets.clevertap.client import Reply

HOST = "api.example.test"


def reply(status: int, body: object = None, retry_after: float = 0.0) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(HOST, status, text, retry_after=retry_after)


def refused(code: int, text: str, record: object = None) -> dict[str, object]:
    return {"status": "fail", "code": code, "error": text, "record": record or {}}


def envelope(status: str, processed: int, *unprocessed: object) -> Reply:
    return reply(200, {"status": status, "processed": processed, "unprocessed": unprocessed})


EMAIL = "Profile data is incorrect. Email is not valid.Skipped record number : 1"


def sent(*identities: str) -> bytes:
    return orjson.dumps(
        {
            "d": [
                {"type": "event", "identity": identity, "ts": 1700000000, "evtName": "Charged"}
                for identity in identities
            ]
        }
    )


def echo(identity: str, **more: object) -> dict[str, object]:
    record = {"type": "event", "identity": identity, "ts": 1700000000, "evtName": "Charged"}
    return record | more
