"""PlannedDelivery has all that a delivery needs to leave: settled, compared, numbered, written."""

from dataclasses import dataclass

from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_plan import DeliveryPlan, check_guards, make_plan
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import settled_snapshot
from ct_assets.delivery.guards import guards, lost_state
from ct_assets.delivery.guards.state_comparison import NOTHING, Comparison
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.profile_looks import Looking
from ct_assets.delivery.settlement import delivery_report, sync_log
from ct_assets.delivery.settlement.settle import Settlement, settle
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.sync_files import OUTBOX, StorageError
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.files import checksum


@dataclass(frozen=True)
class PlannedDelivery:
    """A delivery whose outbox is written."""

    number: int
    plan: DeliveryPlan
    leftover: Settlement | None
    """Of an earlier delivery that had not been settled."""
    keys: int
    """Rows that CleverTap had acknowledged before it."""
    file: str
    """The mark of the snapshot whose rows it has."""


def plan_delivery(
    request: DeliveryRequest,
    state: SyncState,
    comparison: Comparison = NOTHING,
    looking: Looking | None = None,
) -> PlannedDelivery:
    """Does everything up to the outbox; the database is closed while records leave."""
    with state.database() as connection:
        lost_state.reconcile(connection, state.ledger, request, comparison)
        leftover = settle(state, connection)
        file = settled_snapshot.file_mark(request.valid)
        check_guards(connection, request)
        _prune(request, state)
        plan = make_plan(connection, request, looking)
        delivery_report.list_held(connection)
        if not plan.objection:
            guards.expect_changes(connection, request)
        number = lost_state.begin(connection, state.ledger, request)
        sync_log.note_staying(connection, request, number)
        outbox.write(connection, request, plan.diff, number)
        state.ledger.note_outbox(number, checksum(request.home / OUTBOX))
        state_id, keys = state_database.standing(connection)
    _check_snapshot(request, file)
    if plan.diff.going or plan.removals.planned:  # others need to know before anything leaves
        state.publish()
        if not request.rehearsal:
            account_witness.write(request.home, state_id, number, keys, request.at)
    return PlannedDelivery(number, plan, leftover, keys, file)


def _prune(request: DeliveryRequest, state: SyncState) -> None:
    """Removes what is older than the retention: entries, reports and rows of the log."""
    before = request.at - request.retention
    state.ledger.prune(before)
    delivery_report.prune(state.home, before)
    state.hold.prune(before, delivery_report.ages)
    sync_log.prune(state, request)


def _check_snapshot(request: DeliveryRequest, file: str) -> None:
    """Makes sure that the snapshot is still the one that was compared: rows are known by place."""
    if settled_snapshot.file_mark(request.valid) != file:
        raise StorageError(
            f"{request.policy.sync}: its snapshot was written anew while it was read; nothing was "
            f"sent, run again"
        )
