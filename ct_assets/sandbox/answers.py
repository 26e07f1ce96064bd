"""Builds CleverTap's answers: status, headers and body."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from starlette.responses import Response

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.judge.upload_checks import Refused

JSON = (b"content-type", b"application/json;charset=utf-8")
Headers = tuple[tuple[bytes, bytes], ...]


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Headers = (JSON,)
    records: int | None = None
    refused: int | None = None


def response(answer: Answer) -> Response:
    """The answer for starlette, with JSON's plain media type."""
    return Response(answer.body, answer.status, media_type="application/json")


def answer(value: Json, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(value))


def failure(status: int, error: str, headers: Headers = ()) -> Answer:
    body = orjson.dumps({"status": "fail", "error": error, "code": status})
    return Answer(status, body, (JSON, *headers))


def malformed() -> Answer:
    return failure(400, "Malformed request")


def too_many(retry_after: int | None) -> Answer:
    wait = ((b"retry-after", str(retry_after).encode()),) if retry_after else ()
    return failure(429, "Too many concurrent requests", wait)


def envelope(records: int, refused: Sequence[Refused]) -> Answer:
    status = "success" if not refused else "partial" if len(refused) < records else "fail"
    unprocessed = [
        {"status": "fail", "code": code, "error": f"{text}Skipped record number : {position + 1}"}
        | {"record": record}
        for position, (code, text), record in refused
    ]
    processed = records - len(refused)
    value = {"status": status, "processed": processed, "unprocessed": unprocessed}
    return Answer(200, orjson.dumps(value), (JSON,), records, len(refused))


def spaced(compact: Answer) -> Answer:
    """The same JSON with a space on each side of every punctuation mark."""
    if JSON not in compact.headers:
        return compact
    return compact._replace(body=_spaced(orjson.loads(compact.body)).encode())


def _spaced(value: Json) -> str:
    if isinstance(value, dict):
        pairs = (f"{_spaced(key)} : {_spaced(item)}" for key, item in value.items())
        return f"{{ {' , '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[ {' , '.join(map(_spaced, value))}]"
    return orjson.dumps(value).decode()
