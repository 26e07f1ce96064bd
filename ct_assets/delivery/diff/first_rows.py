"""FirstRows fills `DIFF` where nothing is known of any row, so that none need be compared."""

# ruff: noqa: S608 -- statements are put together from names of ours

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.state.scratch_tables import DIFF, VALID
from ct_assets.delivery.state.state_database import scalar

_FILLED = ("row", "fate", "bytes", "fingerprint")
_NEW = f"""
    select row, 'new' as fate, strlen(record) as bytes, md5_number_lower(record) as fingerprint
    from {VALID}
"""


def are_all_new(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> bool:
    """Whether each row is a profile that goes, whatever it has: the state knows of none."""
    if request.policy.object != "profile" or _are_decided_later(request):
        return False
    known = (f"select count(*) from (from {table} limit 1)" for table in ("synced", "held"))
    return not any(scalar(connection, query) for query in known)


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `DIFF` in the order of the snapshot."""
    empty = [name for name in DIFF.columns if name not in _FILLED]
    connection.execute("set preserve_insertion_order = true")
    DIFF.create(connection, _NEW, empty=empty)
    connection.execute("set preserve_insertion_order = false")


def empty_columns(request: DeliveryRequest, *, several: bool) -> list[str]:
    """Columns in which no row of `DIFF` has anything, also where some are known.

    `several` says that some rows have more identifiers than their key.
    """
    if _are_decided_later(request):
        return []
    aliases = [] if several else ["replaces", "also"]
    return ["leave", *aliases, "fields" if request.policy.object == "event" else "lane_hash"]


def _are_decided_later(request: DeliveryRequest) -> bool:
    """Whether rows may get another fate, and fields to leave out, after they were compared."""
    policy = request.policy
    limited = request.limit is not None
    return policy.object == "segment" or policy.looks or policy.narrows or limited
