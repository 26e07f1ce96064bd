"""RenamedSync keeps a sync with a new name from sending its records once more."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.clevertap.codes import BEFORE_FROM_NOW, DISCARDED, PARKED
from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.valid_rows import learn_fields
from ct_assets.delivery.guards.guard_names import RENAMED
from ct_assets.delivery.guards.state_comparison import compare
from ct_assets.delivery.settlement.settle import settle, undeclared
from ct_assets.delivery.state import field_bitmap, state_database
from ct_assets.delivery.state.shared_folders import homes
from ct_assets.delivery.state.state_copy import copied_home
from ct_assets.delivery.state.sync_files import OUTBOX, STATE, StorageError, readable_errors
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.delivery.state.witness import OTHER
from ct_assets.errors import UserError
from ct_assets.sql import literal, parquet_sql

PATIENCE = timedelta(minutes=1)
"""Time to wait for a run of the other sync, which may itself be waiting for this one."""

_SENT_OR_HELD = f"""
select kind, key from old.synced
union all
select kind, key from old.held where reason in {PARKED, DISCARDED, BEFORE_FROM_NOW}
"""
_TAKEN_OVER = """
insert into synced by name
select o.* replace (if(o.fields is null, null, {fields}) as fields)
from old.synced as o anti join synced using (kind, key);
insert into held by name
from old.held as o anti join held using (kind, key) anti join synced using (kind, key);
insert or replace into meta from old.meta where name = 'first_run';
insert or ignore into meta from old.meta where name = 'declaration' or name like 'other:%';
"""


class GuardError(UserError):
    """Something changed in a way that a person must confirm."""


def check(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, *, look_only: bool = False
) -> None:
    """Stops if a sync that is no longer declared has sent this sync's records that count twice.

    Each such sync is asked about once, when the first of its records appears; the answer is kept.
    With `look_only`, a delivery that it left open stays open.

    Raises:
        GuardError: They were, or nobody can tell, and nobody has said which it is.
    """
    if not request.policy.counts_twice:
        return
    for other in _others(request):
        answer = f"{OTHER}{other.name}"
        if state_database.get(connection, answer):
            continue
        if "new" in request.allow:
            state_database.put(connection, answer, "new")
            continue
        with _attached(connection, request, other, look_only=look_only):
            if _allows(request, other):
                _take_over(connection, answer)
            elif known := _known(connection, request):
                raise GuardError(_question(request, other, known))


def _others(request: DeliveryRequest) -> list[Path]:
    """States of syncs no longer declared; those to be taken over first, with their answers."""
    declared = request.policy.neighbours | {request.home.name}
    named = (STATE, OUTBOX, "reports")  # any of them tells of a delivery
    known = homes(request.home.parents[1], request.home.parent.name, having=named)
    undeclared = (home for home in known if home.name not in declared)
    return sorted(undeclared, key=lambda home: (not _allows(request, home), home.name))


def _allows(request: DeliveryRequest, other: Path) -> bool:
    return f"{RENAMED}{other.name}" in request.allow


def _question(request: DeliveryRequest, other: Path, known: int) -> str:
    kind = request.policy.object
    return (
        f"{request.policy.sync}: {known} of its {kind}s were sent by {other.name}, under the same "
        f"keys, or are held back by it. Nothing was sent. If it is {other.name} under a new name, "
        f"{request.once(RENAMED + other.name)}; if these are others, with allow: [new]"
    )


@contextlib.contextmanager
def _attached(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, other: Path, *, look_only: bool
) -> Iterator[None]:
    """The other's state as `old`, with nothing left open in it."""
    with contextlib.ExitStack() as stack:
        try:
            home = stack.enter_context(_settled(request, other, look_only=look_only))
            connection.execute(f"attach {literal(str(home / STATE))} as old (read_only)")
        except (UserError, duckdb.Error, pl.exceptions.PolarsError, OSError):
            raise GuardError(
                f"{request.policy.sync}: nobody can tell whether its {request.policy.object}s were "
                f"sent by {other.name}, which is declared no more: the state in {other} cannot be "
                f"read or is not whole, or another process has it open. Nothing was sent. Close or "
                f"restore it, or if none of them were, run once with allow: [new]"
            ) from None
        stack.callback(connection.execute, "detach old")
        yield


@contextlib.contextmanager
def _settled(request: DeliveryRequest, other: Path, *, look_only: bool) -> Iterator[Path]:
    patience = min(request.patience, PATIENCE)
    with contextlib.ExitStack() as stack:
        home = other
        if look_only and outbox.exists(other):
            with locked(other, patience):
                _check_whole(other)
            home = stack.enter_context(copied_home(other, patience))
        else:
            stack.enter_context(locked(other, patience))
            _check_whole(other)
        if outbox.exists(home):
            _settle(home)
        yield home


def _check_whole(home: Path) -> None:
    if losses := compare(home, thorough=False).losses:
        raise StorageError("; ".join(losses))


def _settle(home: Path) -> None:
    with (
        readable_errors(home),
        SyncState.open_unlocked(home, undeclared(home)) as state,
        state.database() as connection,
    ):
        settle(state, connection)


def _take_over(connection: duckdb.DuckDBPyConnection, answer: str) -> None:
    with state_database.transaction(connection):
        stored = connection.execute("select name, position from old.fields order by position")
        before: dict[str, int] = dict(stored.fetchall())
        moved = field_bitmap.moved("o.fields", before, learn_fields(connection, before))
        connection.execute(_TAKEN_OVER.format(fields=field_bitmap.as_list(moved)))
        state_database.put(connection, answer, "renamed")


def _known(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> int:
    """Counts rows that this sync never sent, and that the other one sent or must not send."""
    stored = connection.execute("select value from old.meta where name = 'event_key'").fetchone()
    if (stored and stored[0]) != request.policy.event_key:
        return 0
    kind = "_kind" if request.policy.object == "profile" else "'event'"
    return state_database.scalar(
        connection,
        f"""
        select count(*) from (
            select _key as key, {kind} as kind from {parquet_sql(request.valid)}
        ) as v
        semi join ({_SENT_OR_HELD}) as o using (kind, key)
        anti join synced using (kind, key) anti join held using (kind, key)
        """,
    )
