"""Shows the generated schema of user properties, or of an event's properties."""

from starlette.responses import Response

from ct_assets.sandbox.page.queries import event_queries
from ct_assets.sandbox.page.queries import schema_queries as generated
from ct_assets.sandbox.page.visit import Visit
from ct_assets.sandbox.store.properties.generated_schema import USER


def schema(visit: Visit) -> Response:
    names = event_queries.names(visit.reader)
    known = {name.name_id: name for name in names}
    owner = visit.number("event")
    chosen = known.get(owner) if owner else None
    sample = generated.sample(visit.reader, chosen.name_id if chosen else USER)
    return visit.html(
        "schema.html",
        names=names,
        chosen=chosen,
        owners=generated.owners(visit.reader),
        user=USER,
        sample=sample,
        sampled=generated.SAMPLE,
        properties=generated.properties(visit.reader, chosen.name_id if chosen else USER, sample),
        drift=visit.sandbox.settings.type_drift,
    )
