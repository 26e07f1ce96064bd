"""Gives a view its request, the stored data and the way to answer in HTML."""

import sqlite3
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ct_assets.sandbox.endpoint_context import Sandbox
from ct_assets.sandbox.page import summary, template_renderer
from ct_assets.sandbox.page.queries.event_queries import TimelinePosition

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Visit:
    sandbox: Sandbox
    reader: sqlite3.Connection
    request: Request

    def text(self, name: str) -> str:
        """A query parameter; empty if it is absent."""
        return self.request.query_params.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """A query parameter as SQLite can hold it; None if it is absent or not a whole number."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit()):
            return None
        number = int(text) if len(text) < 20 else _LARGEST
        return min(number, _LARGEST)

    def cursor(self) -> TimelinePosition | None:
        ts, seq = self.number("ts"), self.number("before")
        return None if ts is None or seq is None else TimelinePosition(ts, seq)

    def part(self, name: str) -> int:
        """A number in the path."""
        return min(int(self.request.path_params[name]), _LARGEST)

    def html(self, template: str, *, status: int = 200, **values: object) -> Response:
        sandbox = self.sandbox
        shared = {
            "here": self.request.url.path,
            "in_force": summary.in_force(sandbox.faults),
            "zone": sandbox.settings.time_zone,
            "sandbox_id": sandbox.store.id,
        }
        text = template_renderer.page(template, sandbox.settings.time_zone, shared | values)
        return Response(text, status, template_renderer.HEADERS, "text/html")

    def missing(self, subject: str, where: str, link: str) -> Response:
        return self.html("missing.html", status=404, what=subject, where=where, link=link)
