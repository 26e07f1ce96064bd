"""LeftFields finds fields that CleverTap keeps though the declaration sends them no more."""

# ruff: noqa: S608 -- statements are put together from names of ours

from collections.abc import Collection, Mapping

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.state import field_bitmap, state_database


def left_fields(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    positions: Mapping[str, int],
    sent_today: Collection[str],
) -> dict[str, int]:
    """Profiles that have each field from earlier deliveries, until an edit is delivered whole."""
    same = state_database.get(connection, "declaration") == request.policy.declaration
    left = [name for name in positions if name not in sent_today]
    if request.policy.object != "profile" or same or not left:
        return {}
    bits = ", ".join(f"count(*) filter ({field_bitmap.has('fields', positions[n])})" for n in left)
    counts = connection.execute(f"select {bits} from synced").fetchone() or ()
    return {name: rows for name, rows in zip(left, counts, strict=True) if rows}
