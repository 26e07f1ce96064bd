"""Dispatch sends the records of a planned delivery: uploads, then deletions, or a list."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_plan import DeliveryPlan
from ct_assets.delivery.delivery_request import CustomList, DeliveryRequest, Policy
from ct_assets.delivery.delivery_result import Progress
from ct_assets.delivery.ledger.delivery_ledger import DeliveryLedger
from ct_assets.delivery.planned_delivery import PlannedDelivery
from ct_assets.delivery.sender.limits import hosts_slots
from ct_assets.delivery.sender.limits.congestion_window import CongestionWindow
from ct_assets.delivery.sender.limits.refusal_limit import OF_A_FIRST_DELIVERY, RefusalLimit
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.list_file import list_file
from ct_assets.delivery.sender.list_sender import ListSender
from ct_assets.delivery.sender.other_uploaders import Deleting, Subscribing
from ct_assets.delivery.sender.profile_looks import ProfileLooks
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.sender import SendClock, SystemClock, send
from ct_assets.delivery.sender.worker import Uploader
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.delivery.state.sync_state import SyncState

RESENDS = 12
"""How often a profile whose answer was lost is sent again: repeats of it do no harm."""


@dataclass(frozen=True)
class Dispatch:
    """The client, clock and patience with which records are sent; tests give their own."""

    client: Client
    clock: SendClock | None
    rng: Random
    stop: threading.Event
    retry: Retry | None
    progress: Callable[[Progress], object]
    begins: Callable[[str], object] = lambda _: None
    """Called with what the delivery is about to do."""


def profile_looks(dispatch: Dispatch) -> ProfileLooks:
    return ProfileLooks(
        client=dispatch.client,
        slots=hosts_slots.others(dispatch.client.destination),
        retry=dispatch.retry or Retry(),
        rng=dispatch.rng,
        clock=dispatch.clock or SystemClock(),
        stop=dispatch.stop,
    )


def send_delivery(
    request: DeliveryRequest, state: SyncState, delivery: PlannedDelivery, dispatch: Dispatch
) -> SendStats:
    """Sends uploads, and after them deletions, for which other limits hold."""
    plan = delivery.plan
    if plan.objection:
        return SendStats(stopped=plan.objection)
    stats = SendStats()
    state.ledger.reserve(plan.diff.going + plan.removals.planned)
    if request.policy.custom_list is not None:
        if plan.diff.going + plan.removals.planned:
            _send_list(request.policy.custom_list, state, delivery, dispatch, stats)
        state.ledger.release()
        return stats
    _send_part(request, state, delivery, dispatch, stats, deletions=False)
    if not stats.stopped and request.policy.on_removed == "delete" and plan.removals.planned:
        window_of_uploads = stats.window, stats.smallest_window
        _send_part(request, state, delivery, dispatch, stats, deletions=True)
        stats.window, stats.smallest_window = window_of_uploads
    state.ledger.release()
    return stats


def _send_part(
    request: DeliveryRequest,
    state: SyncState,
    delivery: PlannedDelivery,
    dispatch: Dispatch,
    stats: SendStats,
    *,
    deletions: bool,
) -> None:
    client, policy = dispatch.client, request.policy
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
        clock=dispatch.clock,
        rng=dispatch.rng,
        stop=dispatch.stop,
        retry=dispatch.retry or Retry(resends=Retry.resends if policy.counts_twice else RESENDS),
        limit=RefusalLimit(None if deletions else _refusable(policy, delivery)),
        on_unknown="park" if policy.parks else "resend",
        progress=lambda stats: dispatch.progress(_progress(delivery.plan, stats)),
    )


def _uploader(client: Client, policy: Policy, *, deletions: bool) -> Uploader:
    if deletions:
        return Deleting(client)
    return Subscribing(client) if policy.object == "subscription" else client


def _send_list(
    named: CustomList,
    state: SyncState,
    delivery: PlannedDelivery,
    dispatch: Dispatch,
    stats: SendStats,
) -> None:
    client = dispatch.client
    client.may_write = state.hold.may_send
    ListSender(
        file=list_file(state.home / OUTBOX),
        named=named,
        client=client,
        ledger=DeliveryLedger(state.ledger, delivery.number),
        slots=hosts_slots.others(client.destination),
        stats=stats,
        retry=dispatch.retry or Retry(resends=RESENDS),
        rng=dispatch.rng,
        clock=dispatch.clock or SystemClock(),
        stop=dispatch.stop,
    ).send()
    dispatch.progress(_progress(delivery.plan, stats))


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
