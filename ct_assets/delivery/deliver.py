"""deliver() runs a delivery: it settles, plans, writes the outbox, sends, and settles again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import duckdb
import polars as pl

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.codes import LIMIT
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_plan import DeliveryPlan, check_guards, make_plan
from ct_assets.delivery.delivery_request import CustomList, DeliveryRequest, Policy
from ct_assets.delivery.delivery_result import DeliveryFailed, DeliveryResult, Progress
from ct_assets.delivery.diff import settled_snapshot
from ct_assets.delivery.diff.membership import LIST
from ct_assets.delivery.guards import guards, lost_state
from ct_assets.delivery.guards.state_comparison import NOTHING, Comparison
from ct_assets.delivery.sender import account_witness, hosts_slots
from ct_assets.delivery.sender.congestion_window import CongestionWindow
from ct_assets.delivery.sender.list_file import list_file
from ct_assets.delivery.sender.list_sender import ListSender
from ct_assets.delivery.sender.other_uploaders import Deleting, Subscribing
from ct_assets.delivery.sender.profile_looks import Looking, ProfileLooks
from ct_assets.delivery.sender.refusal_limit import OF_A_FIRST_DELIVERY, RefusalLimit
from ct_assets.delivery.sender.retry import Retry
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.sender import SendClock, SystemClock, send
from ct_assets.delivery.sender.worker import Uploader
from ct_assets.delivery.settlement import delivery_report, sync_log
from ct_assets.delivery.settlement.settle import Settlement, settle
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.ledger import DeliveryLedger
from ct_assets.delivery.state.sync_files import OUTBOX, StorageError, locked, readable_errors
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.files import checksum
from ct_assets.row_counts import DeliveryCounts, RowCounts
from ct_assets.store.hold import Hold

RESENDS = 12
"""How often a profile whose answer was lost is sent again: repeats of it do no harm."""


@dataclass(frozen=True)
class Sending:
    """The client, clock and patience with which records are sent; tests give their own."""

    client: Client
    clock: SendClock | None
    rng: Random
    stop: threading.Event
    retry: Retry | None
    progress: Callable[[Progress], object]
    begins: Callable[[str], object] = lambda _: None
    """Called with what the delivery is about to do."""


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


def deliver(
    request: DeliveryRequest,
    client: Client,
    *,
    clock: SendClock | None = None,
    rng: Random | None = None,
    stop: threading.Event | None = None,
    retry: Retry | None = None,
    progress: Callable[[Progress], object] = lambda _: None,
    waiting: Callable[[str], object] = lambda _: None,
    begins: Callable[[str], object] = lambda _: None,
) -> DeliveryResult:
    """Sends what CleverTap does not have yet, and accounts for every row.

    Setting `stop` ends it early and in good order. `waiting` is called with a sentence when
    another run of the sync is under way, which this one waits for; `begins` with what is done next.

    Raises:
        DeliveryFailed: The delivery ended early, or a guard stopped it; its `result` says what
            was sent. Other `UserError`s are raised before anything was planned.
    """
    stop = stop or threading.Event()
    rng = rng or Random()  # noqa: S311 -- spreads repeats, hides nothing
    sending = Sending(client, clock, rng, stop, retry, progress, begins)
    home = request.home
    with locked(home, request.patience, stop, waiting) as hold, readable_errors(home):
        result = _deliver(request, sending, hold)
    _check(request, result)
    return result


def _deliver(request: DeliveryRequest, sending: Sending, hold: Hold) -> DeliveryResult:
    comparison = lost_state.check(request)
    lost_state.set_aside(request.home, comparison)
    with SyncState.open_unlocked(
        request.home, request.policy, memory=request.memory, hold=hold
    ) as state:
        looking = _looks(sending).look if request.policy.looks else None
        sending.begins("comparing rows with what CleverTap has")
        delivery = plan_delivery(request, state, comparison, looking)
        sending.begins("sending")
        stats = send_delivery(request, state, delivery, sending)
        sending.begins("settling")
        result = settle_delivery(request, state, delivery, stats)
    return replace(result, notes=(*comparison.notes, *result.notes))


def _looks(sending: Sending) -> ProfileLooks:
    return ProfileLooks(
        client=sending.client,
        slots=hosts_slots.others(sending.client.destination),
        retry=sending.retry or Retry(),
        rng=sending.rng,
        clock=sending.clock or SystemClock(),
        stop=sending.stop,
    )


def plan_delivery(
    request: DeliveryRequest,
    state: SyncState,
    comparison: Comparison = NOTHING,
    looking: Looking | None = None,
) -> PlannedDelivery:
    """Does everything up to the outbox; the database is closed while records leave."""
    before = request.at - request.retention
    with state.database() as connection:
        lost_state.reconcile(connection, state.ledger, request, comparison)
        leftover = settle(state, connection)
        file = settled_snapshot.file_mark(request.valid)
        check_guards(connection, request)
        state.ledger.prune(before)
        delivery_report.prune(state.home, before)
        state.hold.prune(before, delivery_report.ages)
        sync_log.prune(state, request)
        plan = make_plan(connection, request, looking)
        delivery_report.list_held(connection)
        if not plan.objection:
            guards.expect_changes(connection, request)
        number = lost_state.begin(connection, state.ledger, request)
        sync_log.note_staying(connection, request, number)
        outbox.write(connection, request, plan.diff, number)
        state.ledger.note_outbox(number, checksum(request.home / OUTBOX))
        state_id, keys = _standing(connection)
    if settled_snapshot.file_mark(request.valid) != file:  # rows are known by their place in it
        raise StorageError(
            f"{request.policy.sync}: its snapshot was written anew while it was read; nothing was "
            f"sent, run again"
        )
    state.publish()
    if not request.rehearsal:
        account_witness.write(request.home, state_id, number, keys, request.at)
    return PlannedDelivery(number, plan, leftover, keys, file)


def send_delivery(
    request: DeliveryRequest, state: SyncState, delivery: PlannedDelivery, sending: Sending
) -> SendStats:
    """Sends uploads, and after them deletions, for which other limits hold."""
    plan = delivery.plan
    if plan.objection:
        return SendStats(stopped=plan.objection)
    stats = SendStats()
    state.ledger.reserve(plan.diff.going + plan.removals.planned)
    if request.policy.custom_list is not None:
        if plan.diff.going + plan.removals.planned:
            _send_list(request.policy.custom_list, state, delivery, sending, stats)
        state.ledger.release()
        return stats
    _send_part(request, state, delivery, sending, stats, deletions=False)
    if not stats.stopped and request.policy.on_removed == "delete" and plan.removals.planned:
        window_of_uploads = stats.window, stats.smallest_window
        _send_part(request, state, delivery, sending, stats, deletions=True)
        stats.window, stats.smallest_window = window_of_uploads
    state.ledger.release()
    return stats


def _send_part(
    request: DeliveryRequest,
    state: SyncState,
    delivery: PlannedDelivery,
    sending: Sending,
    stats: SendStats,
    *,
    deletions: bool,
) -> None:
    client, policy = sending.client, request.policy
    in_flight = MAX_IN_FLIGHT_OTHER if deletions else policy.in_flight
    few = in_flight == MAX_IN_FLIGHT_OTHER
    slots = (hosts_slots.others if few else hosts_slots.uploads)(client.destination)
    client.may_write = lambda: state.hold.may_send() and hosts_slots.are_held(slots)
    send(
        outbox.batches(state.home / OUTBOX, deletions=deletions),
        _uploader(client, policy, deletions=deletions),
        DeliveryLedger(state.ledger, delivery.number),
        slots=slots,
        window=CongestionWindow(in_flight) if few else None,
        stats=stats,
        clock=sending.clock,
        rng=sending.rng,
        stop=sending.stop,
        retry=sending.retry or Retry(resends=Retry.resends if policy.counts_twice else RESENDS),
        limit=RefusalLimit(None if deletions else _refusable(policy, delivery)),
        on_unknown="park" if policy.parks else "resend",
        progress=lambda stats: sending.progress(_progress(delivery.plan, stats)),
    )


def _uploader(client: Client, policy: Policy, *, deletions: bool) -> Uploader:
    if deletions:
        return Deleting(client)
    return Subscribing(client) if policy.object == "subscription" else client


def _send_list(
    named: CustomList,
    state: SyncState,
    delivery: PlannedDelivery,
    sending: Sending,
    stats: SendStats,
) -> None:
    client = sending.client
    client.may_write = state.hold.may_send
    ListSender(
        file=list_file(state.home / OUTBOX),
        named=named,
        client=client,
        ledger=DeliveryLedger(state.ledger, delivery.number),
        slots=hosts_slots.others(client.destination),
        stats=stats,
        retry=sending.retry or Retry(resends=RESENDS),
        rng=sending.rng,
        clock=sending.clock or SystemClock(),
        stop=sending.stop,
    ).send()
    sending.progress(_progress(delivery.plan, stats))


def _refusable(policy: Policy, delivery: PlannedDelivery) -> float | None:
    """The share of records that CleverTap may refuse before nothing more leaves."""
    if policy.max_refused is None and not delivery.keys:
        return OF_A_FIRST_DELIVERY
    return policy.max_refused


def _progress(plan: DeliveryPlan, stats: SendStats) -> Progress:
    return Progress(
        planned=plan.diff.going + plan.removals.planned,
        acked=stats.acked,
        refused=stats.refused,
        unknown=stats.unknown,
        requests=stats.requests,
        waits_429=stats.waits_429,
        window=stats.window,
        slots=stats.slots,
        latency=stats.latency,
    )


def settle_delivery(
    request: DeliveryRequest, state: SyncState, delivery: PlannedDelivery, stats: SendStats
) -> DeliveryResult:
    plan = delivery.plan
    with state.database() as connection:
        settlement = settle(state, connection)
        if settlement is None:
            raise StorageError(
                f"{state.home.name}: its outbox vanished while its records were sent"
            )
        if not plan.objection and _is_whole(request, plan, settlement):
            state_database.put(connection, "declaration", request.policy.declaration)
            if request.policy.custom_list is not None:
                state_database.put(connection, LIST, request.policy.custom_list.name)
        counts = _counts(request, plan, settlement)
        if _leaves_nothing(plan, counts):
            settled_snapshot.note(connection, request, delivery.file)
        state_id, keys = _standing(connection)
        state.ledger.note("keys", str(keys))
    if _shows_all(request, counts):
        state.keep_previous(request.valid, delivery.number)
    state.publish()
    if not request.rehearsal:
        account_witness.write(request.home, state_id, delivery.number, keys, request.at)
    return DeliveryResult(
        counts=counts,
        report=settlement.report,
        delivery=delivery.number,
        state_id=state_id,
        began=request.at,
        keys=keys,
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


def _standing(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """The state's id, and the rows that CleverTap has acknowledged."""
    keys = "select count(*) from synced where delivery is not null"
    return state_database.get(connection, "id") or "", state_database.scalar(connection, keys)


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
    valid = pl.scan_parquet(request.valid, glob=False).select(pl.len()).collect().item()
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


def _check(request: DeliveryRequest, result: DeliveryResult) -> None:
    name, counts = request.policy.sync, result.counts
    if broken := counts.violations():
        raise DeliveryFailed(
            f"{name}: the account of rows does not add up, which is a defect of ct_assets; "
            f"please report it: {'; '.join(broken)}",
            result,
        )
    if result.stopped:
        raise DeliveryFailed(f"{name}: {result.stopped.removeprefix(f'{name}: ')}", result)
    waiting = counts.unsent + counts.removals.unsent + counts.removals.unknown
    if request.policy.on_unknown == "resend" or not request.policy.counts_twice:
        waiting += counts.unknown
    if waiting:
        raise DeliveryFailed(
            f"{name}: {waiting} records have no outcome yet; run again to go on from here", result
        )
