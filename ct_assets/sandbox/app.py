"""The sandbox as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ct_assets.sandbox import answers
from ct_assets.sandbox.api import Api, Handler
from ct_assets.sandbox.core import Sandbox
from ct_assets.sandbox.endpoints.health import health
from ct_assets.sandbox.endpoints.profile import profile
from ct_assets.sandbox.endpoints.upload import upload


def build(sandbox: Sandbox) -> Starlette:
    async def found(_: Request) -> Response:
        return health(sandbox)

    routes = [*_api_routes(sandbox), Route("/sandbox/health", found)]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_offered})


def _api_routes(sandbox: Sandbox) -> list[BaseRoute]:
    settings = sandbox.settings

    def route(method: str, path: str, handler: Handler, limit: int | None) -> Route:
        api = Api(sandbox, handler, name=path, limit=limit)
        return Route(path, api, methods=[method])

    other = settings.max_in_flight_other
    return [
        route("POST", "/1/upload", upload, settings.max_in_flight),
        route("GET", "/1/profile.json", profile, other),
    ]


async def _not_offered(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    text = {404: "Not found", 405: "Method not allowed"}.get(status, "Bad request")
    found = answers.failure(status, text)
    return Response(found.body, status, dict(_decoded(found.headers)))


def _decoded(headers: answers.Headers) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in headers]
