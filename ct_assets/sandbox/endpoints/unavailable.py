"""CleverTap's APIs that the sandbox does not play: no sync needs them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ct_assets.sandbox import answers

PATHS = (
    "/1/counts/trends.json",
    "/1/counts/top.json",
    "/1/now.json",
    "/category-groups",
    "/api/createSegment",
    "/api/updateSegment",
    "/get_catalog_url",
    "/upload_catalog_completed",
    "/v2/catalogs{rest:path}",
    "/1/targets/{rest:path}",
    "/1/message/report.json",
    "/1/send/externaltrigger.json",
)


def routes() -> list[Route]:
    return [Route(path, _unplayed, methods=["GET", "POST", "PUT", "DELETE"]) for path in PATHS]


async def _unplayed(request: Request) -> Response:
    """Not 404, which would say that CleverTap has no such API."""
    told = f"CleverTap has {request.url.path}, and this sandbox does not play it"
    found = answers.failure(501, told)
    return Response(found.body, found.status, media_type="application/json")
