"""Shows the newest profiles or those that a search finds, and one profile with its events."""

from starlette.responses import Response

from ct_assets.sandbox.page.queries import event_queries, people_queries
from ct_assets.sandbox.page.visit import Visit

_PEOPLE = 50
_EVENTS = 50


def profiles(visit: Visit) -> Response:
    words, before = visit.text("q"), visit.number("before")
    if words:
        people, more = people_queries.search(visit.reader, words), None
    else:
        rows = people_queries.newest(visit.reader, before, _PEOPLE + 1)
        people = rows[:_PEOPLE]
        more = people[-1].pid if len(rows) > _PEOPLE else None
    return visit.html(
        "profiles.html",
        words=words,
        found=people,
        more=more,
        before=before,
        total=people_queries.total(visit.reader),
        limit=people_queries.MATCHES,
        names_searched=people_queries.NAMES_SEARCHED,
    )


def profile(visit: Visit) -> Response:
    pid = visit.part("pid")
    person = people_queries.one(visit.reader, pid)
    if person is None:
        return visit.missing("This profile", "Profiles", "/profiles")
    before = visit.cursor()
    timeline = event_queries.of_person(visit.reader, pid, before, _EVENTS + 1)
    return visit.html(
        "profile.html",
        person=person,
        devices=people_queries.devices(visit.reader, pid),
        unsubscribed=people_queries.unsubscribed(visit.reader, person),
        counts=event_queries.counts_of_person(visit.reader, pid),
        timeline=timeline[:_EVENTS],
        more=timeline[_EVENTS - 1] if len(timeline) > _EVENTS else None,
        before=before,
        counted=event_queries.COUNTED,
    )
