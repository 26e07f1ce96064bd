"""A sync under a new name has a new state: all that counts twice would be sent once more."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from ct_assets.delivery import state
from ct_assets.delivery.request import Delivery
from ct_assets.delivery.settle import settled
from ct_assets.delivery.storage import OUTBOX, STATE, literal, parquet_sql
from ct_assets.errors import UserError

_TAKEN_OVER = """
insert into synced by name from old.synced;
insert into held by name from old.held;
insert into fields from old.fields;
insert or replace into meta from old.meta where name in ('first_run', 'declaration')
"""


class GuardError(UserError):
    """Something changed in a way that a person must confirm."""


def check(
    connection: duckdb.DuckDBPyConnection, request: Delivery, *, look_only: bool = False
) -> None:
    """Before the first run of a sync whose records count twice: were they sent before?

    `look_only` leaves alone what a killed run of another sync left open.

    Raises:
        GuardError: They were, by a sync that is declared no more; nobody has said which it is.
    """
    run = (state.get(connection, name) for name in ("first_run", "declaration"))
    if not request.policy.counts_twice or any(run) or "new" in request.allow:
        return
    for other in _others(request):
        if (other / OUTBOX).exists() and not look_only:
            with settled(other, replace(request.policy, sync=other.name)):
                pass
        with _attached(connection, other) as readable:
            sent = _overlap(connection, request) if readable else 0
            if sent and f"renamed:{other.name}" in request.allow:
                _take_over(connection)
                return
        if sent:
            kind = request.policy.object
            raise GuardError(
                f"{request.policy.sync} has no state yet, but {sent} of its {kind}s "
                f"were sent by {other.name}, under the same keys. Nothing was sent. If it is "
                f"{other.name} under a new name, {request.once(f'renamed:{other.name}')}; "
                f"if these are others, with allow: [new]"
            )


def _others(request: Delivery) -> list[Path]:
    declared = request.policy.neighbours | {request.home.name}
    homes = sorted(path.parent for path in request.home.parent.glob(f"*/{STATE}"))
    return [home for home in homes if home.name not in declared]


@contextlib.contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, other: Path) -> Iterator[bool]:
    """False if another process has it open: then it is a sync that runs, and none of the past."""
    try:
        connection.execute(f"attach {literal(str(other / STATE))} as old (read_only)")
    except duckdb.IOException:
        yield False
        return
    try:
        yield True
    finally:
        connection.execute("detach old")


def _take_over(connection: duckdb.DuckDBPyConnection) -> None:
    with state.transaction(connection):
        connection.execute(_TAKEN_OVER)


def _overlap(connection: duckdb.DuckDBPyConnection, request: Delivery) -> int:
    found = connection.execute("select value from old.meta where name = 'event_key'").fetchone()
    if (found and found[0]) != request.policy.event_key:
        return 0
    kind = "_kind" if request.policy.object == "profile" else "'event'"
    return state.scalar(
        connection,
        f"select count(*) from {parquet_sql(request.valid)} as v"  # noqa: S608 -- a path of ours, quoted
        f" semi join old.synced as s on s.key = v._key and s.kind = {kind}",
    )
