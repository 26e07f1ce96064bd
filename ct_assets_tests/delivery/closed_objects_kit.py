"""Rows of device tokens and subscriptions, and syncs that send them to a server of the test."""

import json
from pathlib import Path

from ct_assets.clevertap.client import Client
from ct_assets.delivery import Policy
from ct_assets_tests.delivery.kit import Row
from ct_assets_tests.delivery.segment_kit import (
    Heard,
    ListServer,
    SegmentSync,
)

TOKENS = Policy(sync="devices", object="token", declaration="d1")
SUBSCRIPTIONS = Policy(sync="mailing", object="subscription", declaration="d1")


def token(object_id: str, text: str, kind: str = "fcm") -> Row:
    data = {"id": text, "type": kind}
    record = {"type": "token", "objectId": object_id, "tokenData": data}
    return row("objectId", object_id, record)


def subscription(value: str, status: str = "Unsubscribe", kind: str = "email") -> Row:
    return row(kind, value, {"type": kind, "value": value, "status": status})


def row(kind: str, key: str, record: object) -> Row:
    text = json.dumps(record, separators=(",", ":"))
    return {"_key": key, "_kind": kind, "_identity": key, "_record": text}


def envelope(heard: Heard) -> tuple[int, object]:
    records = len(json.loads(heard.body)["d"])
    return 200, {"status": "success", "processed": records, "unprocessed": []}


def opened(folder: Path, server: ListServer, policy: Policy) -> SegmentSync:
    sync = SegmentSync(folder, server, policy)
    sync.client = Client(sync.destination)
    return sync


def sent(server: ListServer) -> list[tuple[str, str, str]]:
    return [(h.method, h.path, h.body.decode()) for h in server.heard]
