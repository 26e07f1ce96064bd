"""Assembles the sandbox as an ASGI application: CleverTap's APIs, the controls and the page."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from ct_assets.sandbox import answers, page
from ct_assets.sandbox.endpoint_context import Handler, Sandbox
from ct_assets.sandbox.endpoints import (
    contact_status,
    control,
    counts,
    export,
    profile_deletion,
    schema_names,
    segment_lists,
    unavailable,
)
from ct_assets.sandbox.endpoints.profile import profile
from ct_assets.sandbox.endpoints.upload import kind_of, upload
from ct_assets.sandbox.server.origin_guard import OriginGuard
from ct_assets.sandbox.server.request_pipeline import Api

_REASONS = {404: "Not found", 405: "Method not allowed"}


def build(sandbox: Sandbox, *, open_to_others: bool = False) -> ASGIApp:
    routes = [*_api(sandbox), *control.routes(sandbox), *page.routes(sandbox)]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _not_offered})
    return OriginGuard(app, open_to_others=open_to_others)


def _api(sandbox: Sandbox) -> list[BaseRoute]:
    limit, lists = sandbox.settings.max_in_flight_other, sandbox.settings.list_path_prefix

    def post(path: str, handler: Handler, limit: int | None = limit) -> Route:
        return Route(path, Api(sandbox, handler, name=path, limit=limit), methods=["POST"])

    def get(path: str, handler: Handler) -> Route:
        return Route(path, Api(sandbox, handler, name=path, limit=limit), methods=["GET"])

    uploads = Api(
        sandbox,
        upload,
        name="/1/upload",
        limit=sandbox.settings.max_in_flight,
        slot_of=None if sandbox.settings.share_upload_slots else kind_of,
    )
    return [
        Route("/1/upload", uploads, methods=["POST"]),
        get("/1/profile.json", profile),
        post("/1/delete/profiles.json", profile_deletion.delete_profiles),
        post("/1/demerge/profiles.json", profile_deletion.demerge_profiles),
        post("/1/subscribe", contact_status.subscribe, None),
        post("/1/disassociate", contact_status.disassociate, None),
        post("/1/profiles.json", export.open_export("profiles")),
        get("/1/profiles.json", export.read_export("profiles")),
        post("/1/events.json", export.open_export("events")),
        get("/1/events.json", export.read_export("events")),
        post("/1/counts/profiles.json", counts.count("profiles")),
        get("/1/counts/profiles.json", counts.count("profiles")),
        post("/1/counts/events.json", counts.count("events")),
        get("/1/counts/events.json", counts.count("events")),
        get("/getSchema", schema_names.names),
        post(f"{lists}/get_custom_list_segment_url", segment_lists.list_url),
        post(f"{lists}/upload_custom_list_segment_completed", segment_lists.commit_list),
        *unavailable.routes(),
    ]


async def _not_offered(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return answers.response(answers.failure(status, _REASONS.get(status, "Bad request")))
