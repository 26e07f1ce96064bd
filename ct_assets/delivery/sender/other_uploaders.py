"""Deleting and Subscribing let the sender call other endpoints in place of the upload endpoint."""

from dataclasses import replace
from typing import Literal

import orjson

from ct_assets.clevertap.client import Answer, Client, Reply
from ct_assets.clevertap.verdicts import Acked, read_status


class Subscribing:
    """An uploader of bodies whose records are contacts with their statuses."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def upload(self, body: bytes) -> Answer:
        return self._client.subscribe(body)


class Deleting:
    """An uploader of bodies whose records are `{"identity": ...}` or `{"guid": ...}`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def upload(self, body: bytes) -> Answer:
        records = orjson.loads(body)["d"]
        kind: Literal["identity", "guid"] = "guid" if "guid" in records[0] else "identity"
        answer = self._client.delete_profiles([record[kind] for record in records], kind)
        if isinstance(answer, Reply) and isinstance(read_status(answer), Acked):
            return replace(answer, body=_envelope(len(records)))
        return answer


def _envelope(records: int) -> bytes:
    return orjson.dumps({"status": "success", "processed": records, "unprocessed": []})
