"""Shows the fault switches, and takes changes of them."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ct_assets.sandbox.endpoint_context import Sandbox
from ct_assets.sandbox.page import switchboard
from ct_assets.sandbox.page.switchboard import Form, FormError
from ct_assets.sandbox.page.visit import Visit
from ct_assets.sandbox.store.sqlite_database import open_reader

_LARGEST_FORM = 100_000


def faults(visit: Visit, problem: str = "", entered: Form | None = None) -> Response:
    """`entered`: what the form held when it was refused, so that it need not be typed again."""
    plan = visit.sandbox.faults.plan
    rates: dict[str, str] = {
        fault: switchboard.percent(rate) for fault, rate in plan.rates.items() if rate
    }
    if entered is not None:
        rates = {fault: entered.get(f"rate-{fault}", ("",))[0] for fault in entered.get("on", ())}
    return visit.html(
        "faults.html",
        status=422 if problem else 200,
        problem=problem,
        rates=rates,
        plan=plan,
        script=" ".join(plan.script) if entered is None else entered.get("script", ("",))[0],
        groups=switchboard.GROUPS,
        presets=switchboard.PRESETS,
        current=switchboard.current(visit.sandbox.faults),
    )


def change(sandbox: Sandbox) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _LARGEST_FORM:
                    return PlainTextResponse("That is no form of this page.", 413)
        except ClientDisconnect:
            return Response(status_code=400)
        form = parse_qs(body.decode(errors="replace"))
        return await run_in_threadpool(_changed, sandbox, request, form)

    return endpoint


def _changed(sandbox: Sandbox, request: Request, form: Form) -> Response:
    try:
        sandbox.faults.replace(switchboard.changed(form, sandbox.faults.plan, sandbox.faults.left))
    except FormError as problem:
        with closing(open_reader(sandbox.store.path)) as reader:
            return faults(Visit(sandbox, reader, request), str(problem), form)
    return RedirectResponse("/faults", 303)
