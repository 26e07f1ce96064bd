"""Routes the page's addresses to its views."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ct_assets.sandbox.endpoint_context import Sandbox
from ct_assets.sandbox.page.views import (
    events_view,
    faults_view,
    log_view,
    overview_view,
    profiles_view,
    schema_view,
    settings_view,
)
from ct_assets.sandbox.page.visit import Visit
from ct_assets.sandbox.store.sqlite_database import open_reader

View = Callable[[Visit], Response]

_VIEWS: dict[str, View] = {
    "/": overview_view.overview,
    "/profiles": profiles_view.profiles,
    "/profiles/{pid:int}": profiles_view.profile,
    "/events": events_view.events,
    "/schema": schema_view.schema,
    "/errors": log_view.errors,
    "/requests": log_view.requests,
    "/requests/refused": log_view.refused,
    "/requests/{number:int}": log_view.request,
    "/faults": faults_view.faults,
    "/settings": settings_view.settings,
}


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    views = [
        Route(path, _endpoint(sandbox, view), methods=["GET"]) for path, view in _VIEWS.items()
    ]
    change = Route("/faults", faults_view.change(sandbox), methods=["POST"])
    static = StaticFiles(directory=Path(__file__).parent / "static")
    return [*views, change, Mount("/static", static)]


def _endpoint(sandbox: Sandbox, view: View) -> Callable[[Request], Response]:
    """Not a coroutine, so that starlette runs it beside the loop that answers senders."""

    def endpoint(request: Request) -> Response:
        with closing(open_reader(sandbox.store.path)) as reader:
            return view(Visit(sandbox, reader, request))

    return endpoint
