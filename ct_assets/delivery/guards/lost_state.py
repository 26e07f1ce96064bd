"""LostState stops a delivery that does not know what was sent before, until a person allows it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import BEFORE_FROM_NOW
from ct_assets.delivery.delivery_request import DeliveryRequest, Policy
from ct_assets.delivery.diff.diff import SENT_UNTIL
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.guards.state_comparison import NOTHING, Comparison, compare, label
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.state import state_database, sync_files
from ct_assets.delivery.state.sync_files import OUTBOX, STATE, check_access
from ct_assets.delivery.state.witness import FORMER, RESTORED, UNKNOWN_UNTIL

GUARD = "lost_state"


def check(request: DeliveryRequest) -> Comparison:
    """Stops a delivery that does not know what was sent before; before its state is opened.

    Raises:
        GuardError: Records that count twice would be sent again, or removals be wrong, and nobody
            has allowed it.
    """
    if request.rehearsal:
        return NOTHING
    check_access(request.home)
    comparison = review(request)
    if why := objection(request.policy, comparison, request.allow):
        raise GuardError(why)
    return comparison


def review(request: DeliveryRequest) -> Comparison:
    """The comparison, with its losses among the notes for whoever goes on in spite of them."""
    comparison = compare(request.home, request.witnesses)
    if not comparison.losses:
        return comparison
    return replace(comparison, notes=(told(request.policy, comparison), *comparison.notes))


def told(policy: Policy, comparison: Comparison) -> str:
    """Says what is lost, and what a run would do for that."""
    return f"{'; '.join(comparison.losses)}. {_outlook(policy, comparison)}"


def objection(policy: Policy, comparison: Comparison, allow: Collection[str] = ()) -> str | None:
    """Why a run stops, and the ways out; None if it does not."""
    if not comparison.losses or not is_harmful(policy) or GUARD in allow:
        return None
    return (
        f"{policy.sync}: {told(policy, comparison)}. Nothing was sent. To bring back what is known "
        f"of it: ct-assets state rebuild {policy.sync}; from a backup: ct-assets state restore "
        f"FOLDER. If that may happen, {policy.once(GUARD)}"
    )


def refuse(home: Path, policy: Policy) -> None:
    """Stops work on a state that a run would not go on with; for whoever holds its lock.

    Raises:
        GuardError: It is such a state.
    """
    if why := objection(policy, compare(home)):
        raise GuardError(why)


def is_harmful(policy: Policy) -> bool:
    """Whether a run that has lost its state would do harm, so that it stops."""
    return policy.counts_twice or policy.on_removed != "keep"


def set_aside(home: Path, comparison: Comparison) -> None:
    """Takes the unusable files out of the way; they are kept as long as reports are."""
    lacking = set() if (home / STATE).exists() else {STATE}
    for name in comparison.unusable | lacking:
        sync_files.set_aside(home, name)


def reconcile(
    connection: duckdb.DuckDBPyConnection,
    ledger: LedgerFile,
    request: DeliveryRequest,
    comparison: Comparison = NOTHING,
) -> None:
    """Has state and ledger agree from now on, once a loss was allowed or their first run begins."""
    if not comparison.losses and state_database.get(connection, "folded") is not None:
        return
    state_id = state_database.get(connection, "id") or ""
    last = max(comparison.last, ledger.last(), int(state_database.get(connection, "begun") or 0))
    ledger.adopt(state_id, last, label(request.home))
    unsettled = (request.home / OUTBOX).exists()
    with state_database.transaction(connection):
        for stranger, delivery in comparison.strangers.items():
            state_database.put(connection, f"{FORMER}{stranger}", str(delivery))
        state_database.put(connection, "begun", str(last))
        state_database.put(connection, "folded", str(max(0, last - unsettled)))
        state_database.put(connection, "home", label(request.home))
        state_database.drop(connection, RESTORED)
        if comparison.is_state_lost:
            state_database.put(connection, UNKNOWN_UNTIL, str(last))
        if comparison.is_state_lost and comparison.at:
            state_database.put(connection, SENT_UNTIL, f"{comparison.at.timestamp():.0f}")
        if comparison.is_behind and not request.policy.counts_twice:
            # Any of them may have changed since, and back: each goes once more.
            connection.execute("update synced set fingerprint = null")


def begin(
    connection: duckdb.DuckDBPyConnection, ledger: LedgerFile, request: DeliveryRequest
) -> int:
    """Gives the delivery its number: noted in the state first, so no ledger can give it again."""
    number = ledger.last() + 1
    state_database.put(connection, "begun", str(number))
    return ledger.begin(request.run, request.at)


def _outlook(policy: Policy, comparison: Comparison) -> str:
    rows = f"{policy.object}s"
    if policy.first_run == "from_now" and policy.object == "event" and comparison.is_state_lost:
        if comparison.at is None:
            return f"All {rows} that are there now would be held as {BEFORE_FROM_NOW}, and not sent"
        return (
            f"All {rows} up to {comparison.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, when the "
            f"last delivery began, would be held as {BEFORE_FROM_NOW}, and not sent"
        )
    if comparison.keys:
        return f"{comparison.keys:,} acknowledged {rows} may be sent again, or more"
    return f"Acknowledged {rows} may be sent again"
