"""SettledState is a state with nothing left open in it, for whoever works on it by hand."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.guards import lost_state
from ct_assets.delivery.settlement.settle import settle
from ct_assets.delivery.state.sync_files import readable_errors
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.delivery.state.sync_state import SyncState


@contextlib.contextmanager
def opened(home: Path, policy: Policy, *, needs: str = "") -> Iterator[SyncState]:
    """The state, held alone for the time of the block; `needs` as of `locked`.

    Raises:
        GuardError: A run would refuse it. To settle what is open in it would take records for
            unsent that CleverTap has acknowledged.
        SyncBusyError: A run is under way.
    """
    with locked(home, needs=needs) as hold, readable_errors(home):
        lost_state.refuse(home, policy)
        with SyncState.open_unlocked(home, policy, hold=hold) as state:
            yield state


@contextlib.contextmanager
def settled(home: Path, policy: Policy, *, needs: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
    """The database of the state; raises what `opened` does."""
    with opened(home, policy, needs=needs) as state, state.database() as connection:
        settle(state, connection)
        yield connection
