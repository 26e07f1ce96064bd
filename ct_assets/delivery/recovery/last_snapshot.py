"""The last snapshot that was delivered whole tells which record CleverTap has of each profile."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from dataclasses import replace

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import aliases
from ct_assets.delivery.diff.valid_rows import expose
from ct_assets.delivery.recovery.remains import Remains
from ct_assets.delivery.state.field_bitmap import as_list, count, stored
from ct_assets.delivery.state.scratch_tables import SUPPRESSED_ROWS, VALID
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_files import PREVIOUS
from ct_assets.delivery.state.sync_state import file_mark
from ct_assets.sql import parquet_sql


def recall_profiles(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, found: Remains
) -> None:
    """Completes rows that no later delivery changed, and adds those of which no report is left.

    Does nothing unless the ledger says that the snapshot is still the one that was delivered.
    """
    snapshot = found.home / PREVIOUS
    noted = (found.ledger.reading.previous if found.ledger else None) or ""
    delivery, _, mark = noted.partition(" ")
    if not mark or not snapshot.exists() or file_mark(snapshot) != mark:
        return
    if int(delivery) <= found.meant_since:
        return
    positions = expose(connection, replace(request, valid=snapshot))
    hidden = Suppressions(request.home.parent).mark_rows(connection)
    present = as_list(stored("v.present", count(positions)))
    rows = f"{VALID} as v {f'anti join {SUPPRESSED_ROWS} using (row)' if hidden else ''}"
    connection.execute(
        f"""
        update synced as s set fingerprint = md5_number_lower(v.record), fields = {present},
            also = {aliases.union(aliases.hashed("v.also"), "s.also")}
        from {VALID} as v
        where s.kind = v.kind and s.key = v.key and s.fingerprint is null
            and s.delivery <= {delivery}
            and not exists (from held as h where h.kind = s.kind and h.key = s.key)
        """
    )
    connection.execute(
        f"""
        insert into synced by name
        select kind, key, md5_number_lower(v.record) as fingerprint, {present} as fields,
            {delivery} as delivery, {aliases.union(aliases.hashed("v.also"))} as also
        from {rows} anti join synced using (kind, key) anti join held using (kind, key)
            {_not_told(found, int(delivery))}
        """
    )


def _not_told(found: Remains, delivery: int) -> str:
    """SQL that leaves out rows of which a report since then says something else than acked."""
    told = [each.path for each in found.reports if each.delivery >= delivery]
    return f"anti join {parquet_sql(*told)} using (kind, key)" if told else ""
