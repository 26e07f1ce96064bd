"""Takes custom lists: gives a URL for a CSV file, then makes a segment of the file."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.json_types import read_object

VALID_SECONDS = 86_400
PREFIX = "/sandbox/lists/"
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
_REQUIRED = ("name", "email", "filename", "creator", "url")


def list_url(sandbox: Sandbox, call: Call) -> Answer:
    """POST /get_custom_list_segment_url."""
    expires = call.now + VALID_SECONDS
    token = sandbox.store.lists.open(expires)
    until = datetime.fromtimestamp(expires, ZoneInfo(sandbox.settings.time_zone))
    return answers.answer(
        {
            "presignedS3URL": f"http://{call.host}{PREFIX}{token}?X-Amz-Expires={VALID_SECONDS}",
            "expiry": f"{until.day} {until:%B, %I:%M %p}",
            "status": "success",
        }
    )


async def put_list(sandbox: Sandbox, request: Request) -> Response:
    """PUT to the URL; the URL itself is the only credential, as with S3."""
    try:
        body = await request.body()
    except ClientDisconnect:
        return Response(status_code=400)
    token = request.path_params["token"]
    if sandbox.store.lists.put(token, body, sandbox.clock()):
        return Response()
    return Response(_DENIED, 403, media_type="application/xml")


def commit_list(sandbox: Sandbox, call: Call) -> Answer:
    """POST /upload_custom_list_segment_completed; errors of the file go to the error stream."""
    document = read_object(call.body)
    if document is None:
        return answers.malformed()
    for key in _REQUIRED:
        if not isinstance(document.get(key), str) or not document[key]:
            return answers.failure(400, f"{key} is required")
    token = document["url"].rpartition(PREFIX)[2].partition("?")[0]
    body = sandbox.store.lists.file(token)
    if body is None:
        return answers.failure(400, "No file was uploaded to this url")
    known = sandbox.store.lists.named(document["name"])
    if known is not None and document.get("replace") is not True:
        return answers.failure(409, "duplicate_name")
    about = (document["name"], document["email"], document["creator"], document["filename"])
    with sandbox.store.writing(call.now):
        segment = known or sandbox.store.lists.free()
        sandbox.store.lists.commit(segment, about, call.now)
        sandbox.store.lists.fill(segment, body, call.number, call.now)
    return answers.answer({"Segment ID": segment, "status": "success"})
