"""What stops a delivery before anything leaves, until a person allows it for one run."""

from collections.abc import Iterable

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.removals import RemovalPlan
from ct_assets.delivery.guards.renamed_sync import RENAMED, GuardError
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.state_database import scalar
from ct_assets.errors import closest

ALWAYS_REMOVABLE = 10

GUARDS = ("event_key", "empty_source", "max_removed", "max_changed", "new")


def unknown_guard(names: Iterable[str]) -> str | None:
    """What is wrong with the first of `names` that is no guard's."""
    for name in names:
        if name not in GUARDS and not name.startswith(RENAMED):
            hint = closest(name, [*GUARDS]) or f"; there are {', '.join(GUARDS)}, {RENAMED}<sync>"
            return f"no guard is called {name!r}{hint}"
    return None


def check_event_key(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Events are known by their key: another one would send all of them again."""
    key, stored = request.policy.event_key, state_database.get(connection, "event_key")
    if request.policy.object != "event" or key is None or key == stored:
        return
    if stored is not None and "event_key" not in request.allow:
        raise GuardError(
            f"{request.policy.sync}: event_key was {stored} and is {key} now; events that were "
            f"sent under the old key would be sent again. Nothing was sent. Change it back, or if "
            f"the new keys are new events, {request.once('event_key')}"
        )
    state_database.put(connection, "event_key", key)


def expect_changes(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Another declaration changes rows until a whole delivery has stored it as `declaration`."""
    if state_database.get(connection, "declaration") != request.policy.declaration:
        state_database.put(connection, "declaration", "")


def objection(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    diff: Diff,
    removals: RemovalPlan,
) -> str | None:
    """A message that says how to allow it, or None."""
    policy = request.policy
    synced = scalar(connection, "select count(*) from synced where delivery is not null")
    changed = diff.fates.get("changed", 0)
    same = state_database.get(connection, "declaration") == policy.declaration
    if removals.planned and not sum(diff.fates.values()) and not request.rejected:
        return _allowed(
            request,
            "empty_source",
            f"the source is empty, and on_removed: {policy.on_removed} would reach all "
            f"{removals.rows} profiles that were sent",
        )
    if removals.planned > max(ALWAYS_REMOVABLE, int(policy.max_removed * synced)):
        return _allowed(
            request,
            "max_removed",
            f"{removals.rows} of {synced} profiles are gone from the source, and on_removed is "
            f"{policy.on_removed}; that is more than max_removed: {policy.max_removed:.0%}",
        )
    if policy.max_changed is not None and same and changed > policy.max_changed * synced:
        return _allowed(
            request,
            "max_changed",
            f"{changed} of {synced} records changed while the declaration did not; that is more "
            f"than max_changed: {policy.max_changed:.0%}",
        )
    return None


def _allowed(request: DeliveryRequest, guard: str, what: str) -> str | None:
    if guard in request.allow:
        return None
    return (
        f"{request.policy.sync}: {what}. Nothing was sent. Look at the source; if it is right, "
        f"{request.once(guard)}"
    )
