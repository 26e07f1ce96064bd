"""Answers 501 to the APIs of CleverTap that the sandbox does not play; no sync needs them."""

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
    """Answers 501; a 404 would say that CleverTap has no such API."""
    error = f"CleverTap has {request.url.path}, and this sandbox does not play it"
    return answers.response(answers.failure(501, error))
