"""Shows the request log, one request, and the error stream."""

from starlette.responses import Response

from ct_assets.sandbox.page.queries import log_queries, refusal_queries
from ct_assets.sandbox.page.visit import Visit
from ct_assets.sandbox.store.request_log import EXCERPT

_ROWS = 50


def requests(visit: Visit) -> Response:
    path, outcome = visit.text("path"), visit.text("outcome")
    before = visit.number("before")
    rows = log_queries.requests(visit.reader, path, outcome, before, _ROWS + 1)
    return visit.html(
        "requests.html",
        rows=rows[:_ROWS],
        more=rows[_ROWS - 1].number if len(rows) > _ROWS else None,
        before=before,
        path=path,
        paths=log_queries.paths(visit.reader),
        outcome=outcome if outcome in log_queries.OUTCOMES else "",
        kept=visit.sandbox.settings.log_rows,
    )


def request(visit: Visit) -> Response:
    logged = log_queries.request(visit.reader, visit.part("number"))
    if logged is None:
        return visit.missing("This request", "Requests", "/requests")
    return visit.html(
        "request.html",
        request=logged,
        cut=logged.bytes > EXCERPT,
        errors=log_queries.errors_of(visit.reader, logged.number, _ROWS),
        limit=_ROWS,
    )


def refused(visit: Visit) -> Response:
    code = visit.text("code")
    rows, codes = refusal_queries.refused(visit.reader, code, _ROWS)
    return visit.html(
        "refused.html",
        rows=rows,
        codes=codes,
        code=code,
        limit=_ROWS,
    )


def errors(visit: Visit) -> Response:
    kind, before = visit.text("kind"), visit.number("before")
    rows = log_queries.errors(visit.reader, kind, before, _ROWS + 1)
    return visit.html(
        "errors.html",
        rows=rows[:_ROWS],
        more=rows[_ROWS - 1].seq if len(rows) > _ROWS else None,
        before=before,
        kind=kind,
        kinds=log_queries.kinds(visit.reader),
        latest=log_queries.LATEST_ERRORS,
    )
