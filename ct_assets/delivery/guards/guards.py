"""Guards stop a delivery before anything leaves, until a person allows it for one run."""

from collections.abc import Iterator

import duckdb

from ct_assets.delivery.delivery_request import CustomList, DeliveryRequest
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.removals import RemovalPlan
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.state_database import scalar

ALWAYS_REMOVABLE = 10


def expect_changes(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Notes that the declaration changed, until a whole delivery stores the new one."""
    if state_database.get(connection, "declaration") != request.policy.declaration:
        state_database.put(connection, "declaration", "")


def objection(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    diff: Diff,
    removals: RemovalPlan,
) -> str | None:
    """Why the delivery must not start, and how a person allows it; None if it may."""
    guard, reason = next(_objections(connection, request, diff, removals), (None, ""))
    if guard is None or guard in request.allow:
        return None
    return (
        f"{request.policy.sync}: {reason}. Nothing was sent. Look at the source; if it is right, "
        f"{request.once(guard)}"
    )


def _objections(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    diff: Diff,
    removals: RemovalPlan,
) -> Iterator[tuple[str, str]]:
    """Guards that object, each with its reason; the first one counts."""
    policy = request.policy
    if policy.custom_list is not None:
        yield from _of_list(connection, policy.custom_list, diff.going, removals.planned)
        return
    synced = scalar(connection, "select count(*) from synced where delivery is not null")
    changed = diff.fates.get("changed", 0)
    same = state_database.get(connection, "declaration") == policy.declaration
    if removals.planned and not sum(diff.fates.values()) and not request.rejected:
        yield (
            "empty_source",
            f"the source is empty, and on_removed: {policy.on_removed} would reach all "
            f"{removals.rows} profiles that were sent",
        )
    if removals.planned > max(ALWAYS_REMOVABLE, int(policy.max_removed * synced)):
        yield (
            "max_removed",
            f"{removals.rows} of {synced} profiles are gone from the source, and on_removed is "
            f"{policy.on_removed}; that is more than max_removed: {policy.max_removed:.0%}",
        )
    if policy.max_changed is not None and same and changed > policy.max_changed * synced:
        yield (
            "max_changed",
            f"{changed} of {synced} records changed while the declaration did not; that is more "
            f"than max_changed: {policy.max_changed:.0%}",
        )


def _of_list(
    connection: duckdb.DuckDBPyConnection, listed: CustomList, now: int, leaving: int
) -> Iterator[tuple[str, str]]:
    before = scalar(connection, "select count(*) from synced where delivery is not null")
    if leaving and not now:
        yield ("empty_list", f"the list {listed.name!r} would be empty, and had {before:,} members")
    if leaving and before - now > max(ALWAYS_REMOVABLE, int(listed.max_shrink * before)):
        yield (
            "max_shrink",
            f"the list {listed.name!r} would have {now:,} members, and had {before:,}; that is a "
            f"smaller list by more than max_shrink: {listed.max_shrink:.0%}",
        )
