"""One delivery from beginning to end: settle, compare, outbox, send, settle."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import polars as pl

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_plan import keep_delivered
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.delivery_result import DeliveryFailed, DeliveryResult, Progress
from ct_assets.delivery.diff import diff, removals
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.removals import RemovalPlan
from ct_assets.delivery.guards import guards, renamed_sync
from ct_assets.delivery.sender.account_slots import other_slots, upload_slots
from ct_assets.delivery.sender.congestion_window import CongestionWindow
from ct_assets.delivery.sender.delete_adapter import Deleting
from ct_assets.delivery.sender.sender import Retry, SendClock, SendStats, send
from ct_assets.delivery.settlement import delivery_report
from ct_assets.delivery.settlement.settle import Settlement, settle
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.ledger import DeliveryLedger, LedgerFile
from ct_assets.delivery.state.sync_files import (
    OUTBOX,
    StorageError,
    locked,
    readable_errors,
    workdir,
)
from ct_assets.files import private_dir
from ct_assets.row_counts import DeliveryCounts, RowCounts

RESENDS = 12
"""Of profiles whose answer was lost: they do no harm, and outlive minutes of failure."""


@dataclass(frozen=True)
class Sending:
    """How a delivery meets the world; tests put their own in."""

    client: Client
    clock: SendClock | None
    rng: Random
    stop: threading.Event
    retry: Retry | None
    progress: Callable[[Progress], object]


@dataclass(frozen=True)
class Planned:
    delivery: int
    diff: Diff
    removed: RemovalPlan
    objection: str | None
    leftover: Settlement | None


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
) -> DeliveryResult:
    """Sends what CleverTap does not have yet, and accounts for every row.

    Setting `stop` ends it early and in good order. `waiting` is told that another run of the sync
    is under way, which this one waits for.

    Raises:
        DeliveryFailed: The delivery ended early, or a guard stopped it; `outcome` says what it
            did. Other `UserError`s are raised before anything was planned.
    """
    sending = Sending(
        client,
        clock,
        rng or Random(),  # noqa: S311 -- spreads repeats, hides nothing
        stop or threading.Event(),
        retry,
        progress,
    )
    home = private_dir(request.home)
    with (
        locked(home, request.patience, sending.stop, waiting),
        readable_errors(home),
        workdir(home) as work,
        LedgerFile(home, durable=request.policy.counts_twice) as ledger,
    ):
        planned = plan_delivery(request, work, ledger)
        sent = send_delivery(request, planned, ledger, sending)
        outcome = settle_delivery(request, work, ledger, planned, sent)
    _check(request, outcome)
    return outcome


def plan_delivery(request: DeliveryRequest, work: Path, ledger: LedgerFile) -> Planned:
    """Everything up to the outbox; the state is closed while records leave."""
    with state_database.opened(request.home, work, memory=request.memory) as connection:
        leftover = settle(connection, request.home, work, ledger, request.policy)
        snapshot = request.valid.stat().st_ino
        renamed_sync.check(connection, request)
        guards.check_identity(connection, request)
        ledger.prune(request.at - request.retention)
        delivery_report.prune(request.home, request.at - request.retention)
        found = diff.compare(connection, request)
        delivery_report.list_held(connection)
        outbox.number(connection, request, found)
        gone = removals.find(connection, request, found)
        objection = guards.objection(connection, request, found, gone)
        if not objection:
            guards.expect_changes(connection, request)
        delivery = ledger.begin(request.run, request.at)
        outbox.write(connection, request, found, delivery)
    if request.valid.stat().st_ino != snapshot:  # rows are known by their place in it
        raise StorageError(
            f"{request.policy.sync}: its snapshot was written anew while it was read; nothing was "
            f"sent, run again"
        )
    return Planned(delivery, found, gone, objection, leftover)


def send_delivery(
    request: DeliveryRequest, planned: Planned, ledger: LedgerFile, sending: Sending
) -> SendStats:
    if planned.objection:
        return SendStats(stopped=planned.objection)
    sent = SendStats()
    _send_part(request, planned, ledger, sending, sent, deletions=False)
    if not sent.stopped and request.policy.on_removed == "delete" and planned.removed.planned:
        of_uploads = sent.window, sent.smallest_window
        _send_part(request, planned, ledger, sending, sent, deletions=True)
        sent.window, sent.smallest_window = of_uploads
    return sent


def _send_part(
    request: DeliveryRequest,
    planned: Planned,
    ledger: LedgerFile,
    sending: Sending,
    sent: SendStats,
    *,
    deletions: bool,
) -> None:
    client, policy = sending.client, request.policy
    slots = other_slots if deletions else upload_slots
    send(
        outbox.batches(request.home / OUTBOX, deletions=deletions),
        Deleting(client) if deletions else client,
        DeliveryLedger(ledger, planned.delivery),
        slots=slots(client.destination),
        window=CongestionWindow(MAX_IN_FLIGHT_OTHER) if deletions else None,
        sent=sent,
        clock=sending.clock,
        rng=sending.rng,
        stop=sending.stop,
        retry=sending.retry or Retry(resends=Retry.resends if policy.counts_twice else RESENDS),
        on_unknown="park" if policy.parks else "resend",
        progress=lambda sent: sending.progress(_progress(planned, sent)),
    )


def _progress(planned: Planned, sent: SendStats) -> Progress:
    return Progress(
        planned=planned.diff.going + planned.removed.planned,
        acked=sent.acked,
        refused=sent.refused,
        unknown=sent.unknown,
        requests=sent.requests,
        waits_429=sent.waits_429,
        window=sent.window,
    )


def settle_delivery(
    request: DeliveryRequest, work: Path, ledger: LedgerFile, planned: Planned, sent: SendStats
) -> DeliveryResult:
    with state_database.opened(request.home, work, memory=request.memory) as connection:
        settled = settle(connection, request.home, work, ledger, request.policy)
        if settled is None:
            raise StorageError(
                f"{request.home.name}: its outbox vanished while its records were sent"
            )
        if not planned.objection and _whole(request, planned, settled):
            state_database.put(connection, "declaration", request.policy.declaration)
    counts = _counts(request, planned, settled)
    keep_delivered(request, counts, work)
    return DeliveryResult(
        counts=counts,
        report=settled.report,
        delivery=planned.delivery,
        settled=planned.leftover.sent if planned.leftover else None,
        notes=(planned.removed.note,) if planned.removed.note else (),
        requests=sent.requests,
        waits_429=sent.waits_429,
        bytes=sent.bytes,
        seconds=sent.seconds,
        window=sent.window,
        smallest_window=sent.smallest_window,
        latency={f"p{p}": sent.latencies.percentile(p / 100) for p in (50, 95, 99)},
        stopped=sent.stopped,
        objection=planned.objection,
        passing=sent.passing,
    )


def _whole(request: DeliveryRequest, planned: Planned, settled: Settlement) -> bool:
    """No row of today is left for the next run."""
    left = settled.sent.unsent + planned.diff.fates.get("limit", 0)
    return not left and (request.policy.parks or not settled.sent.unknown)


def _counts(request: DeliveryRequest, planned: Planned, settled: Settlement) -> DeliveryCounts:
    fates = planned.diff.fates
    valid = pl.scan_parquet(request.valid, glob=False).select(pl.len()).collect().item()
    split = request.counts or RowCounts(source=valid, valid=valid)
    return DeliveryCounts(
        source=split.source,
        cut=split.cut,
        superseded=split.superseded,
        rejected=split.rejected,
        valid=valid,
        unchanged=fates.get("unchanged", 0),
        held=planned.diff.held,
        new=fates.get("new", 0),
        changed=fates.get("changed", 0),
        sent=settled.sent,
        removed=planned.removed.rows,
        removals=settled.removals,
    )


def _check(request: DeliveryRequest, outcome: DeliveryResult) -> None:
    name, counts = request.policy.sync, outcome.counts
    if broken := counts.violations():
        raise DeliveryFailed(
            f"{name}: the account of rows does not add up, which is a defect of ct_assets; "
            f"please report it: {'; '.join(broken)}",
            outcome,
        )
    if outcome.stopped:
        raise DeliveryFailed(f"{name}: {outcome.stopped.removeprefix(f'{name}: ')}", outcome)
    waiting = counts.unsent + counts.removals.unsent + counts.removals.unknown
    if request.policy.on_unknown == "resend" or not request.policy.counts_twice:
        waiting += counts.unknown
    if waiting:
        raise DeliveryFailed(
            f"{name}: {waiting} records have no outcome yet; run again to go on from here", outcome
        )
