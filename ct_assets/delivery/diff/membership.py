"""Membership decides whether a segment's list goes, which it does as a whole, and who is in it."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from datetime import timedelta
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import UNACKNOWLEDGED
from ct_assets.clevertap.contract import MAX_LIST_BYTES
from ct_assets.clevertap.record import LIST_HEADER
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.scratch_tables import ACQUAINTED, DIFF, VALID
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.sync_files import STATE
from ct_assets.errors import UserError
from ct_assets.sql import literal

GOING = ("new", "changed")
LISTED = (*GOING, "unchanged")
LIST = "list"
"""The name, in the state's meta, of the list that CleverTap acknowledged last."""
PATIENCE = timedelta(minutes=1)

LEAVERS = f"""
    select s.kind, s.key from synced as s
    anti join (
        select v.kind, v.key from {DIFF} as d join {VALID} as v on v.row = d.row
        where d.fate in {LISTED}
    ) as l on l.kind = s.kind and l.key = s.key
"""
"""SQL of those whom CleverTap may have in the list, and who are not in that of today."""
_LEFT = f"select key from ({LEAVERS})"


def decide(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Holds back whom CleverTap does not know; lets all others go if the list is another one.

    Raises:
        UserError: The list cannot go as it is.
    """
    sync = request.policy.sync
    if request.limit is not None:
        raise UserError(f"{sync}: a segment goes as a whole list: leave `limit` out")
    if request.people is not None:
        _hold_strangers(connection, request, request.people)
    if not _is_another(connection, request):
        return
    connection.execute(
        f"update {DIFF} as d set fate = 'changed', fingerprint = md5_number_lower(v.record)"
        f" from {VALID} as v where v.row = d.row and d.fate = 'unchanged'"
    )
    members = f"select coalesce(sum(bytes + 1), 0) from {DIFF} where fate in {GOING}"
    size = len(LIST_HEADER) + 1 + scalar(connection, members)
    if size > MAX_LIST_BYTES:
        raise UserError(
            f"{sync}: its list has {size / 1e9:.1f} GB, and CleverTap takes "
            f"{MAX_LIST_BYTES / 1e9:.0f}. Nothing was sent. Make several segments of it with "
            "`where:`"
        )


def _is_another(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> bool:
    wanted = request.policy.custom_list
    if request.full or (wanted and state_database.get(connection, LIST) not in (None, wanted.name)):
        return True
    others = f"select row::varchar from {DIFF} where fate in {GOING} union all {_LEFT}"
    return scalar(connection, f"select count(*) from ({others} limit 1)") > 0


def _hold_strangers(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, people: Path
) -> None:
    """Those whose profile the sync of `people` never had acknowledged, under any identifier."""
    ACQUAINTED.create(connection)
    with reading(people, min(request.patience, PATIENCE)):
        if (people / STATE).exists():
            connection.execute(f"attach {literal(str(people / STATE))} as people (read_only)")
            try:
                connection.execute(_ACQUAINT)
            finally:
                connection.execute("detach people")
    connection.execute(
        f"update {DIFF} set fate = '{UNACKNOWLEDGED}', fingerprint = null"
        f" where fate in {LISTED} and row not in (from {ACQUAINTED})"
    )


_ACQUAINT = f"""
    insert into {ACQUAINTED}
    select v.row from {VALID} as v
    semi join (select kind, key from people.synced where delivery is not null) using (kind, key)
    union
    select v.row from {VALID} as v
    semi join (
        select unnest(also) as bore from people.synced where delivery is not null
    ) as p on p.bore = {lane_hash("v.kind", "v.key")}
"""
