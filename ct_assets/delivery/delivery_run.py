"""deliver() runs a delivery: it settles, plans, writes the outbox, sends, and settles again."""

import threading
from collections.abc import Callable
from dataclasses import replace
from random import Random

from ct_assets.clevertap.client import Client
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.delivery_result import DeliveryFailed, DeliveryResult, Progress
from ct_assets.delivery.dispatch import Dispatch, profile_looks, send_delivery
from ct_assets.delivery.guards import lost_state
from ct_assets.delivery.planned_delivery import plan_delivery
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.sender import SendClock
from ct_assets.delivery.settled_delivery import settle_delivery
from ct_assets.delivery.state.sync_files import readable_errors
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.store.hold import Hold


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
    dispatch = Dispatch(client, clock, rng, stop, retry, progress, begins)
    home = request.home
    with locked(home, request.patience, stop, waiting) as hold, readable_errors(home):
        result = _deliver(request, dispatch, hold)
    _check(request, result)
    return result


def _deliver(request: DeliveryRequest, dispatch: Dispatch, hold: Hold) -> DeliveryResult:
    comparison = lost_state.check(request)
    lost_state.set_aside(request.home, comparison)
    with SyncState.open_unlocked(
        request.home, request.policy, memory=request.memory, hold=hold
    ) as state:
        looking = profile_looks(dispatch).look if request.policy.looks else None
        dispatch.begins("comparing rows with what CleverTap has")
        delivery = plan_delivery(request, state, comparison, looking)
        dispatch.begins("sending")
        stats = send_delivery(request, state, delivery, dispatch)
        dispatch.begins("settling")
        result = settle_delivery(request, state, delivery, stats)
    return replace(result, notes=(*comparison.notes, *result.notes))


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
