"""Turns an answer into the one that a fault gives: an error, or a spoilt body or header."""

from itertools import count
from typing import Any

import orjson

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.faults import FaultName

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_ERRORS = {
    400: "Malformed request",
    403: "Not allowed",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}


def broken(fault: FaultName, answer: Answer) -> Answer:
    """The answer that `fault` makes of the true answer."""
    match fault:
        case "not-json":
            return answer._replace(body=_HTML, headers=((b"content-type", b"text/html"),))
        case "redirect":
            elsewhere = (b"location", b"https://elsewhere.invalid/1/upload")
            return answers.failure(307, "Moved", (elsewhere,))
        case "connection-close":
            return answer._replace(headers=(*answer.headers, (b"connection", b"close")))
        case "numbers-shuffled" | "numbers-partial" | "numbers-missing":
            return answer._replace(body=_renumbered(fault, answer.body))
    status = int(fault[:3]) if fault[:3].isdigit() else 0
    if status not in _ERRORS:
        return answer
    return answers.failure(status, _ERRORS[status])._replace(
        records=answer.records, refused=answer.refused
    )


def _renumbered(fault: FaultName, body: bytes) -> bytes:
    envelope: dict[str, Any] = orjson.loads(body)
    refused = envelope.get("unprocessed", [])
    if fault == "numbers-shuffled":
        envelope["unprocessed"] = refused[::2] + refused[1::2][::-1]
        return orjson.dumps(envelope)
    for index, entry in zip(count(), refused, strict=False):
        if fault == "numbers-missing" or index % 2:
            entry["error"] = entry["error"].partition("Skipped record number")[0]
    return orjson.dumps(envelope)
