"""Existence holds back profiles that the mode of a sync leaves alone, by looking for them first.

A profile that was acknowledged is there. Any other is looked for; the answer is kept in the state
for a while, under a hash of its key.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import duckdb

from ct_assets.clevertap.codes import LIMIT, NOT_THERE, THERE_ALREADY
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.sender.profile_looks import Look
from ct_assets.delivery.state.scratch_tables import DIFF, VALID
from ct_assets.delivery.state.state_database import scalar
from ct_assets.sql import literal

Looking = Callable[[Iterable[tuple[str, str]]], Iterator[Look]]

PORTION = 1000
"""Profiles that are looked for before their answers are kept."""

_TABLE = "create table if not exists looks (person ubigint, found boolean, since timestamp)"
_ROWS = f"""
    {DIFF} as d join {VALID} as v on v.row = d.row
    left join synced as s on s.kind = v.kind and s.key = v.key and s.delivery is not null
    left join looks as l on l.person = {lane_hash("v.kind", "v.key")}
    where d.fate in {GOING}
"""
_ASK = "s.key is null and d.replaces is null and l.person is null"
"""Neither acknowledged, under whichever key, nor looked for."""
_THERE = "(s.key is not null or d.replaces is not null or l.found)"


def decide(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, looking: Looking | None
) -> None:
    """Holds rows of `DIFF`; without `looking`, those not looked for yet stay as they are.

    Raises:
        LookError: CleverTap does not answer; what it has said so far is kept.
    """
    connection.execute(_TABLE)
    oldest = (request.at - request.policy.look_again).astimezone(UTC).replace(tzinfo=None)
    connection.execute(f"delete from looks where since < {literal(str(oldest))}::timestamp")
    if looking is not None:
        _look(connection, request, looking)
    fate, held = f"not {_THERE}", NOT_THERE
    if request.policy.mode == "create_only":
        fate, held = _THERE, THERE_ALREADY
    connection.execute(
        f"update {DIFF} set fate = '{held}', fingerprint = null, fields = null, also = null"
        f" where row in (select d.row from {_ROWS} and not ({_ASK}) and {fate})"
    )


def forget(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Removes what is kept of the persons with these identifiers, each as `kind:value`."""
    connection.execute(_TABLE)
    for name in names:
        connection.execute("delete from looks where person = md5_number_lower($1)", [name])


def unlooked(connection: duckdb.DuckDBPyConnection) -> int:
    """Profiles that a delivery would look for first."""
    return scalar(connection, f"select count(*) from {_ROWS} and {_ASK}")


def note(profiles: int) -> str:
    """The cost of looking for so many, in a sentence."""
    seconds = -(-profiles // MAX_IN_FLIGHT_OTHER)
    minutes = f"{seconds // 60:,} min" if seconds >= 120 else f"{seconds} s"
    return (
        f"{profiles:,} profiles would be looked for first, in as many requests, "
        f"{MAX_IN_FLIGHT_OTHER} at a time: {minutes} or more"
    )


def _look(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, looking: Looking
) -> None:
    """Looks for what is to go; with a limit, only until enough rows may go."""
    wanted = f"select v.kind, v.key from {_ROWS} and {_ASK} order by d.row limit {PORTION}"
    may_go = f"not {_THERE}" if request.policy.mode == "create_only" else _THERE
    ready = f"select count(*) from {_ROWS} and not ({_ASK}) and {may_go}"
    while keys := connection.execute(wanted).fetchall():
        if request.limit is not None and scalar(connection, ready) >= request.limit:
            break
        _keep(connection, request, looking(keys))
    connection.execute(
        f"update {DIFF} set fate = '{LIMIT}' where row in (select d.row from {_ROWS} and {_ASK})"
    )


def _keep(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, looks: Iterator[Look]
) -> None:
    """Keeps all answers up to the first that stays away."""
    at = request.at.astimezone(UTC).replace(tzinfo=None)
    seen: list[tuple[str, bool, datetime]] = []
    try:
        seen.extend((f"{look.kind}:{look.key}", look.found, at) for look in looks)
    finally:
        if seen:
            connection.executemany("insert into looks values (md5_number_lower($1), $2, $3)", seen)
