"""Shows totals, records over time and the latest requests."""

from starlette.responses import Response

from ct_assets.sandbox.page import charts, times
from ct_assets.sandbox.page.queries import event_queries, log_queries, people_queries
from ct_assets.sandbox.page.template_renderer import clock
from ct_assets.sandbox.page.visit import Visit

_LATEST = 8
_SPAN = 20 * 60
"""Seconds that the chart shows at least."""


def overview(visit: Visit) -> Response:
    settings = visit.sandbox.settings
    return visit.html(
        "overview.html",
        profiles=people_queries.total(visit.reader),
        events=event_queries.total(visit.reader),
        load=log_queries.load(visit.reader),
        kinds=log_queries.kinds(visit.reader),
        chart=_arrivals(visit),
        requests=log_queries.requests(visit.reader, "", "", None, _LATEST),
        url=str(visit.request.base_url).rstrip("/"),
        account_id=settings.account_id,
        passcode="sandbox" if settings.passcode == "sandbox" else None,
    )


def _arrivals(visit: Visit) -> charts.Chart | None:
    span = log_queries.arrivals(visit.reader)
    if span is None:
        return None
    first, last = min(span[0], span[1] - _SPAN), span[1]
    buckets = times.buckets(first, last, clock(visit.sandbox.settings.time_zone))
    return charts.bars(buckets, log_queries.accepted(visit.reader, buckets.edges))
