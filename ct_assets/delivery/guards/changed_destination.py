"""ChangedDestination asks before a sync whose `destination` was edited begins anew elsewhere."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ct_assets.clevertap.destination import account_key
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.guards.changed_meaning import (
    DESTINATION,
    meta_name,
)
from ct_assets.delivery.guards.guard_names import CHANGED_MEANING, NEW, SAME
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.shared_folders import fetched, homes
from ct_assets.delivery.state.sync_files import STATE
from ct_assets.errors import UserError
from ct_assets.sql import opened

_SANDBOX = "sandbox-*"


def check(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Stops the first delivery to an account while another one was delivered to, as declared.

    The sandbox is no such account, nor is one that the environment names instead, if it is another
    one: events that were sent to the same one under another name of its host would arrive twice.

    Raises:
        GuardError: It is one, and nobody has allowed it.
    """
    now = request.policy.meaning.get(DESTINATION)
    known_here = state_database.get(connection, meta_name(DESTINATION)) is not None
    if now is None or known_here or request.home.parent.match(_SANDBOX):
        return
    if {CHANGED_MEANING, SAME, NEW} & request.allow:
        return
    for other, before in _elsewhere(request):
        if request.policy.counts_twice and _is_same_account(other, request):
            raise GuardError(
                f"{request.policy.sync}: {request.home.parent.name} is the account that was "
                f"{other} before, spelled otherwise, and all that was sent there would be sent "
                f"once more. Nothing was sent. Spell the account's id and its region or URL as "
                f"before, or if these are two, {request.once(CHANGED_MEANING)}"
            )
        if before != now:
            raise GuardError(
                f"{request.policy.sync}: destination was {_words(before)} and is {_words(now)} "
                f"now. What was sent to {other} stays there, and all rows would be sent to "
                f"{request.home.parent.name}, as new ones. Nothing was sent. Change it back, or "
                f"if that is meant, {request.once(CHANGED_MEANING)}"
            )


def _is_same_account(other: str, request: DeliveryRequest) -> bool:
    return account_key(other) == account_key(request.home.parent.name)


def _elsewhere(request: DeliveryRequest) -> Iterator[tuple[str, str]]:
    """Other accounts that this sync was delivered to, each with its setting at that time."""
    for home in homes(request.home.parents[1], sync=request.home.name):
        if home == request.home or home.parent.match(_SANDBOX):
            continue
        with contextlib.suppress(duckdb.Error, UserError, OSError), fetched(home):
            if (before := _stored(home / STATE)) is not None:
                yield home.parent.name, before


def _stored(path: Path) -> str | None:
    with opened(path, read_only=True) as connection:
        return state_database.get(connection, meta_name(DESTINATION))


def _words(destination: str) -> str:
    return destination or "the default"
