"""Keeps pages of other sites, and other machines, away from the sandbox's controls."""

import ipaddress
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ct_assets.sandbox import answers

_READING = ("GET", "HEAD")
_API = ("/1/", "/api/", "/v2/", "/sandbox/lists/", "/get_", "/upload_")


def allowed(headers: Mapping[str, str]) -> bool:
    """Whether a request that changes something comes from the sandbox's own page or no browser.

    The names of `headers` are in lower case.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)


class OriginGuard:
    """Stands before all routes. `open_to_others`: the server was told to listen beyond loopback."""

    def __init__(self, app: ASGIApp, *, open_to_others: bool) -> None:
        self._app, self._open = app, open_to_others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(scope)
        if problem is None:
            await self._app(scope, receive, send)
            return
        answer = answers.failure(403, problem)
        await send({"type": "http.response.start", "status": 403, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _problem(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if not self._open and not is_loopback(_hostname(headers.get("host", ""))):
            # A page of another site may point its own name at this address.
            return "The sandbox answers to loopback names only"
        if scope["method"] in _READING or scope["path"].startswith(_API):
            return None
        client = scope.get("client")
        if client is None or not is_loopback(client[0]):
            return "The sandbox is controlled from its own machine only"
        return None if allowed(headers) else "The sandbox is not controlled from other sites"


def _hostname(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host
