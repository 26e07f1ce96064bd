"""The page's addresses."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ct_assets.sandbox.endpoint_context import Sandbox
from ct_assets.sandbox.page.views import (
    events,
    log,
    overview,
    profiles,
    schema,
    settings,
    switches,
)
from ct_assets.sandbox.page.visit import Visit
from ct_assets.sandbox.store.sqlite_database import open_reader

View = Callable[[Visit], Response]

_VIEWS: dict[str, View] = {
    "/": overview.overview,
    "/profiles": profiles.profiles,
    "/profiles/{pid:int}": profiles.profile,
    "/events": events.events,
    "/schema": schema.schema,
    "/errors": log.errors,
    "/requests": log.requests,
    "/requests/{number:int}": log.request,
    "/faults": switches.faults,
    "/settings": settings.settings,
}


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    views = [
        Route(path, _endpoint(sandbox, view), methods=["GET"]) for path, view in _VIEWS.items()
    ]
    change = Route("/faults", switches.change(sandbox), methods=["POST"])
    static = StaticFiles(directory=Path(__file__).parent / "static")
    return [*views, change, Mount("/static", static)]


def _endpoint(sandbox: Sandbox, view: View) -> Callable[[Request], Response]:
    """Not a coroutine, so that starlette runs it beside the loop that answers senders."""

    def endpoint(request: Request) -> Response:
        with closing(open_reader(sandbox.store.path)) as reader:
            return view(Visit(sandbox, reader, request))

    return endpoint
