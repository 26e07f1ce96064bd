"""Shows the events of a name: a chart over time, and the newest payloads."""

from starlette.responses import Response

from ct_assets.sandbox.page import charts, times
from ct_assets.sandbox.page.queries import event_queries as stored
from ct_assets.sandbox.page.queries.event_queries import EventTotals
from ct_assets.sandbox.page.template_renderer import clock
from ct_assets.sandbox.page.visit import Visit

_PAYLOADS = 20
_DAY = 86_400
SPANS = {"": None, "year": 365 * _DAY, "month": 30 * _DAY, "week": 7 * _DAY, "day": _DAY}


def events(visit: Visit) -> Response:
    names = stored.names(visit.reader)
    if not names:
        return visit.html("events.html", names=names, chosen=None)
    wanted = visit.number("name")
    chosen = next((name for name in names if name.name_id == wanted), names[0])
    span = visit.text("span") if visit.text("span") in SPANS else ""
    before = visit.cursor()
    payloads = stored.of_name(visit.reader, chosen.name_id, before, _PAYLOADS + 1)
    shown = payloads[:_PAYLOADS]
    return visit.html(
        "events.html",
        names=names,
        chosen=chosen,
        span=span,
        spans=list(SPANS),
        chart=_chart(visit, chosen, SPANS[span]),
        payloads=shown,
        people=stored.titles(visit.reader, [event.pid for event in shown]),
        more=shown[-1] if len(payloads) > _PAYLOADS else None,
        before=before,
    )


def _chart(visit: Visit, chosen: EventTotals, span: int | None) -> charts.Chart | None:
    """Over all time, or over the span that ends now."""
    if chosen.first is None or chosen.last is None:
        return None
    now = int(visit.sandbox.clock())
    ends = (chosen.first, chosen.last) if span is None else (now - span, now)
    buckets = times.buckets(*ends, clock(visit.sandbox.settings.time_zone))
    return charts.bars(buckets, stored.counts(visit.reader, chosen.name_id, buckets.edges))
