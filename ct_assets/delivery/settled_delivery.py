"""SettledDelivery gives the records of a delivery their outcomes, and counts all of its rows."""

from dataclasses import replace

import duckdb

from ct_assets.clevertap.codes import LIMIT
from ct_assets.delivery.delivery_plan import DeliveryPlan
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.delivery_result import DeliveryResult
from ct_assets.delivery.diff import settled_snapshot
from ct_assets.delivery.diff.membership import LIST
from ct_assets.delivery.planned_delivery import PlannedDelivery
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.settlement.settle import Settlement, settle
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.sync_files import StorageError
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.row_counts import DeliveryCounts, RowCounts
from ct_assets.staging import height


def settle_delivery(
    request: DeliveryRequest, state: SyncState, delivery: PlannedDelivery, stats: SendStats
) -> DeliveryResult:
    with state.database() as connection:
        settlement = _settlement(state, connection)
        counts = _counts(request, delivery.plan, settlement)
        _note_standing(connection, request, delivery, settlement, counts)
        state_id, keys = state_database.standing(connection)
        state.ledger.note("keys", str(keys))
    if _shows_all(request, counts):
        state.keep_previous(request.valid, delivery.number)
    state.publish()
    if not request.rehearsal:
        account_witness.write(request.home, state_id, delivery.number, keys, request.at)
    result = _result(delivery, settlement, stats, counts)
    return replace(result, state_id=state_id, keys=keys, began=request.at)


def _settlement(state: SyncState, connection: duckdb.DuckDBPyConnection) -> Settlement:
    settlement = settle(state, connection)
    if settlement is None:
        raise StorageError(f"{state.home.name}: its outbox vanished while its records were sent")
    return settlement


def _note_standing(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    delivery: PlannedDelivery,
    settlement: Settlement,
    counts: DeliveryCounts,
) -> None:
    """Notes for later deliveries which declaration, list and snapshot CleverTap has as a whole."""
    plan = delivery.plan
    if not plan.objection and _is_whole(request, plan, settlement):
        state_database.put(connection, "declaration", request.policy.declaration)
        if request.policy.custom_list is not None:
            state_database.put(connection, LIST, request.policy.custom_list.name)
    if _leaves_nothing(plan, counts):
        settled_snapshot.note(connection, request, delivery.file)


def _result(
    delivery: PlannedDelivery, settlement: Settlement, stats: SendStats, counts: DeliveryCounts
) -> DeliveryResult:
    plan = delivery.plan
    return DeliveryResult(
        counts=counts,
        report=settlement.report,
        delivery=delivery.number,
        settled=delivery.leftover.sent if delivery.leftover else None,
        notes=(plan.removals.note,) if plan.removals.note else (),
        requests=stats.requests,
        waits_429=stats.waits_429,
        bytes=stats.bytes,
        seconds=stats.seconds,
        window=stats.window,
        smallest_window=stats.smallest_window,
        latency={f"p{p}": stats.latencies.percentile(p / 100) for p in (50, 95, 99)},
        stopped=stats.stopped,
        objection=plan.objection,
        passing=stats.passing,
    )


def _is_whole(request: DeliveryRequest, plan: DeliveryPlan, settlement: Settlement) -> bool:
    """Whether no row of today is left for the next run."""
    left = settlement.sent.unsent + plan.diff.fates.get(LIMIT, 0)
    return not left and (request.policy.parks or not settlement.sent.unknown)


def _leaves_nothing(plan: DeliveryPlan, counts: DeliveryCounts) -> bool:
    """Whether comparing anew would find every row unchanged, which was not known before."""
    if plan.diff.settled and not plan.removals.planned:
        return False
    clears = plan.diff.clearable and plan.diff.going  # what is left to clear is seen next time
    return not clears and counts.unchanged + counts.acked == counts.valid


def _shows_all(request: DeliveryRequest, counts: DeliveryCounts) -> bool:
    """Whether CleverTap now has every valid row of a profile sync as its snapshot shows it."""
    whole = request.partition is None and request.limit is None
    sent = not counts.unsent and not counts.unknown
    return request.policy.object == "profile" and whole and sent


def _counts(request: DeliveryRequest, plan: DeliveryPlan, settlement: Settlement) -> DeliveryCounts:
    fates = plan.diff.fates
    valid = height(request.valid)
    split = request.counts or RowCounts(source=valid, valid=valid)
    return DeliveryCounts(
        source=split.source,
        cut=split.cut,
        superseded=split.superseded,
        rejected=split.rejected,
        valid=valid,
        unchanged=fates.get("unchanged", 0),
        held=plan.diff.held,
        new=fates.get("new", 0),
        changed=fates.get("changed", 0),
        sent=settlement.sent,
        removed=plan.removals.rows,
        removals=settlement.removals,
    )
