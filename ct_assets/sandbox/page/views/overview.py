from starlette.responses import Response

from ct_assets.sandbox.page import charts, times
from ct_assets.sandbox.page.queries import events, log, people
from ct_assets.sandbox.page.rendering import clock
from ct_assets.sandbox.page.visit import Visit

_LATEST = 8
_SPAN = 20 * 60
"""Seconds that the chart shows at least."""


def overview(visit: Visit) -> Response:
    settings = visit.sandbox.settings
    return visit.html(
        "overview.html",
        profiles=people.total(visit.reader),
        events=events.total(visit.reader),
        load=log.load(visit.reader),
        kinds=log.kinds(visit.reader),
        chart=_arrivals(visit),
        requests=log.requests(visit.reader, "", "", None, _LATEST),
        url=str(visit.request.base_url).rstrip("/"),
        account_id=settings.account_id,
        passcode="sandbox" if settings.passcode == "sandbox" else None,
    )


def _arrivals(visit: Visit) -> charts.Chart | None:
    span = log.arrivals(visit.reader)
    if span is None:
        return None
    first, last = min(span[0], span[1] - _SPAN), span[1]
    buckets = times.buckets(first, last, clock(visit.sandbox.settings.time_zone))
    return charts.bars(buckets, log.accepted(visit.reader, buckets.edges))
