"""make_plan() says which rows leave in which batches, and whether a guard objects."""

from dataclasses import dataclass

import duckdb

from ct_assets.delivery import batch_numbers, outbox
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.diff import Diff, compare
from ct_assets.delivery.diff.plan_digest import plan_digest
from ct_assets.delivery.diff.removals import RemovalPlan, find_removals
from ct_assets.delivery.guards import changed_destination, changed_meaning, guards, renamed_sync
from ct_assets.delivery.guards.guard_names import RENAMED
from ct_assets.delivery.sender.profile_looks import Looking


@dataclass(frozen=True)
class DeliveryPlan:
    diff: Diff
    removals: RemovalPlan
    objection: str | None
    """Why a guard stops the delivery before anything leaves, and how a person allows it."""


def check_guards(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, *, look_only: bool = False
) -> None:
    """Checks the guards that hold before a row is looked at.

    Raises:
        GuardError: Its rows may be known here under another name, or others may be meant now.
    """
    changed_destination.check(connection, request)
    answered = changed_meaning.find(connection, request)
    if takes_over := any(name.startswith(RENAMED) for name in request.allow):
        changed_meaning.apply(connection, request, answered)  # before others' rows are among ours
    renamed_sync.check(connection, request, look_only=look_only)
    if not takes_over:
        changed_meaning.apply(connection, request, answered)


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    looking: Looking | None = None,
    *,
    count_kept: bool = False,
) -> DeliveryPlan:
    """Plans from a state with nothing left open; fills the scratch tables up to `REMOVALS`.

    With `count_kept`, removed rows are counted where `on_removed` leaves them alone, too.
    """
    diff = compare(connection, request, looking)
    batch_numbers.number(connection, request, diff)
    removals = find_removals(connection, request, diff, count_kept=count_kept)
    objection = guards.objection(connection, request, diff, removals)
    objection = objection or _unlike_the_reviewed(connection, request, diff)
    return DeliveryPlan(diff, removals, objection)


def digest_of(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff) -> str:
    """Of a plan whose scratch tables are filled: see `plan_digest`."""
    return plan_digest(connection, outbox.leaving(connection, request, diff), request.policy)


def _unlike_the_reviewed(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff
) -> str | None:
    if not request.reviewed or request.reviewed == digest_of(connection, request, diff):
        return None
    name = request.policy.sync
    return (
        f"{name}: the records to be sent are not those of the reviewed plan: the source, the "
        f"declaration or the state is another one now. Nothing was sent. Make a new plan "
        f"(ct-assets plan {name} --out FILE), and look at it"
    )
