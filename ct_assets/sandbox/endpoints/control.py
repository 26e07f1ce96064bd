"""Answers /sandbox/..., which CleverTap does not have: faults, devices, stored data."""

import contextlib
import os
from collections.abc import Awaitable, Callable

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ct_assets import __version__
from ct_assets.sandbox import answers
from ct_assets.sandbox.endpoint_context import Sandbox
from ct_assets.sandbox.endpoints import segment_lists
from ct_assets.sandbox.faults import FAULTS, Plan
from ct_assets.sandbox.sandbox_settings import wrong_in
from ct_assets.sandbox.store.reads import contents
from ct_assets.sandbox.store.sqlite_database import open_reader

MOST_ROWS = 10_000
_ROWS = 100
_LARGEST = 2**63 - 1

Endpoint = Callable[[Sandbox, Request], Awaitable[Response]]


class NewDevice(BaseModel):
    """A device to make known, as CleverTap's SDK does when the app is opened."""

    model_config = ConfigDict(extra="forbid")

    objectId: str  # noqa: N815 - CleverTap's name
    identity: str | None = None


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(sandbox, request)
            except ClientDisconnect:
                return Response(status_code=400)

        return Route(path, guarded, methods=[method])

    return [
        route("/sandbox/health", "GET", health),
        route("/sandbox/settings", "GET", settings),
        route("/sandbox/faults", "GET", read_faults),
        route("/sandbox/faults", "PUT", put_faults),
        route("/sandbox/faults", "DELETE", clear_faults),
        route("/sandbox/devices", "POST", add_device),
        route("/sandbox/schema", "GET", schema),
        *(route(f"/sandbox/{part}", "GET", _page(part)) for part in contents.PARTS),
        route(f"{segment_lists.PREFIX}{{token}}", "PUT", segment_lists.put_list),
    ]


async def health(sandbox: Sandbox, _: Request) -> Response:
    return _json({"id": sandbox.store.id, "pid": os.getpid(), "version": __version__})


async def settings(sandbox: Sandbox, _: Request) -> Response:
    return _json(sandbox.settings.model_dump(mode="json", exclude={"passcode"}))


async def read_faults(sandbox: Sandbox, _: Request) -> Response:
    plan = sandbox.faults.plan.model_dump(mode="json")
    return _json({"plan": plan, "left": sandbox.faults.left, "names": FAULTS})


async def put_faults(sandbox: Sandbox, request: Request) -> Response:
    """Replaces the whole plan; fields that are left out return to their defaults."""
    try:
        sandbox.faults.replace(Plan.model_validate_json(await request.body()))
    except ValidationError as error:
        return _refused(error)
    return await read_faults(sandbox, request)


async def clear_faults(sandbox: Sandbox, request: Request) -> Response:
    sandbox.faults.clear()
    return await read_faults(sandbox, request)


async def add_device(sandbox: Sandbox, request: Request) -> Response:
    try:
        device = NewDevice.model_validate_json(await request.body())
    except ValidationError as error:
        return _refused(error)
    sandbox.store.add_device(device.objectId, device.identity, sandbox.clock())
    return _json({"status": "success"})


async def schema(sandbox: Sandbox, _: Request) -> Response:
    def read() -> Response:
        with contextlib.closing(open_reader(sandbox.store.path)) as reader:
            return _json(contents.schema(reader))

    return await run_in_threadpool(read)


def _page(part: contents.Part) -> Endpoint:
    """`?after=` the number of the last row seen, `?limit=` rows at most."""

    async def endpoint(sandbox: Sandbox, request: Request) -> Response:
        after = _number(request, "after", 0, _LARGEST)
        size = _number(request, "limit", _ROWS, MOST_ROWS)

        def read() -> Response:
            with contextlib.closing(open_reader(sandbox.store.path)) as reader:
                return _json(contents.page(reader, part, after, size))

        return await run_in_threadpool(read)

    return endpoint


def _number(request: Request, name: str, usual: int, most: int) -> int:
    text = request.query_params.get(name, "")
    return min(int(text[:20]), most) if text.isascii() and text.isdigit() else usual


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def _refused(error: ValidationError) -> Response:
    return answers.response(answers.failure(400, wrong_in(error)))
