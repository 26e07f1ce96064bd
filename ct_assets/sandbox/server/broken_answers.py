"""Answers as they come from a server in trouble."""

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


def spoilt(fault: FaultName, found: Answer) -> Answer:
    """The answer that `fault` makes of the true one."""
    match fault:
        case "not-json":
            return found._replace(body=_HTML, headers=((b"content-type", b"text/html"),))
        case "redirect":
            elsewhere = (b"location", b"https://elsewhere.invalid/1/upload")
            return answers.failure(307, "Moved", (elsewhere,))
        case "connection-close":
            return found._replace(headers=(*found.headers, (b"connection", b"close")))
        case "numbers-shuffled" | "numbers-partial" | "numbers-missing":
            return found._replace(body=_renumbered(fault, found.body))
    status = int(fault[:3]) if fault[:3].isdigit() else 0
    if status not in _ERRORS:
        return found
    return answers.failure(status, _ERRORS[status])._replace(
        records=found.records, refused=found.refused
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
