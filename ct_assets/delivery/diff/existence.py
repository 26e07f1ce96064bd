"""Existence looks for profiles before they are sent, where the mode or a field of a sync needs it.

A mode holds back profiles; a field with `write: if_empty` stays out of records of profiles that
have a value in it. What this sync had acknowledged is known. Anything else is looked for; the
answer is kept in the state for a while, under a hash of the profile's key.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

import duckdb

from ct_assets.clevertap.codes import LIMIT, NOT_THERE, THERE_ALREADY
from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.sender.profile_looks import Look, Looking
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.scratch_tables import DIFF, VALID
from ct_assets.delivery.state.state_database import scalar
from ct_assets.sql import literal

PORTION = 1000
"""Profiles that are looked for before their answers are kept."""

_TABLE = """
create table if not exists looks (person ubigint, found boolean, since timestamp);
alter table looks add column if not exists filled ubigint[];
"""
# looks.filled has hashes of the names of all properties that the profile has; null in a row of an
# older version.

# What became of a record whose answer was lost is not known, so neither is its profile.
_DOUBT = f"""
delete from looks where person in (
    select {lane_hash("kind", "key")} from synced where fingerprint is null
)
"""
_THERE = "(s.key is not null or d.replaces is not null or l.found)"
_GONE = f"not {_THERE}"
_KEEP = """
insert into looks values (
    md5_number_lower($1), $2, $3, list_transform($4::varchar[], lambda name: md5_number_lower(name))
)
"""


class Existence:
    """Of one delivery, whose `VALID` and `DIFF` are filled."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        request: DeliveryRequest,
        positions: Mapping[str, int],
    ) -> None:
        """`positions` are those of fields in bitmaps."""
        self._connection = connection
        self._request = request
        policy = request.policy
        self._filling = {name: positions[name] for name in policy.filling if name in positions}
        self._rows = f"""
            {DIFF} as d join {VALID} as v on v.row = d.row
            left join synced as s on s.kind = v.kind and s.key = v.key and s.delivery is not null
            left join looks as l on l.person = {lane_hash("v.kind", "v.key")}
            where d.fate in {GOING}
        """
        asks = []
        if policy.mode != "upsert":  # neither acknowledged, under whichever key, nor looked for
            asks.append("s.key is null and d.replaces is null and l.person is null")
        if self._filling:
            unknown = (f"({self._has(n)} and not {self._ours(n)})" for n in self._filling)
            asks.append(f"({' or '.join(unknown)}) and l.filled is null")
        self._ask = f"({' or '.join(f'({ask})' for ask in asks) or 'false'})"
        connection.execute(_TABLE)

    def decide(self, looking: Looking | None) -> None:
        """Holds rows of `DIFF`, and says which fields stay out of the others.

        Without `looking`, rows not looked for yet stay as they are.

        Raises:
            LookError: CleverTap does not answer; what it has said so far is kept.
        """
        request, mode = self._request, self._request.policy.mode
        oldest = (request.at - request.policy.look_again).astimezone(UTC).replace(tzinfo=None)
        old = f"since < {literal(str(oldest))}::timestamp"
        self._connection.execute(f"delete from looks where {old}")
        self._connection.execute(_DOUBT)
        if looking is not None:
            self._look(looking)
        if mode != "upsert":
            self._hold(*((_THERE, THERE_ALREADY) if mode == "create_only" else (_GONE, NOT_THERE)))
        if self._filling:
            self._leave_out()

    def unlooked(self) -> int:
        """Profiles that a delivery would look for first."""
        return scalar(self._connection, f"select count(*) from {self._rows} and {self._ask}")

    def _has(self, name: str) -> str:
        """SQL: whether the row has a value of the field."""
        return field_bitmap.has("v.present", self._filling[name])

    def _ours(self, name: str) -> str:
        """SQL: whether CleverTap acknowledged a value of the field."""
        had = field_bitmap.has("d.fields", self._filling[name])
        return f"(s.fingerprint is not null and {had})"

    def _hold(self, which: str, code: str) -> None:
        self._connection.execute(
            f"update {DIFF} set fate = '{code}', fingerprint = null, fields = null, also = null"
            f" where row in (select d.row from {self._rows} and not {self._ask} and {which})"
        )

    def _leave_out(self) -> None:
        names = [
            f"if({self._has(name)} and ({self._ours(name)} or"
            f" list_contains(l.filled, md5_number_lower({literal(name)}))), {literal(name)}, null)"
            for name in self._filling
        ]
        leave = f"list_filter([{', '.join(names)}], lambda name: name is not null)"
        self._connection.execute(
            f"update {DIFF} as t set leave = f.leave"
            f" from (select d.row, {leave} as leave from {self._rows}) as f"
            " where f.row = t.row and len(f.leave) > 0"
        )

    def _look(self, looking: Looking) -> None:
        """Looks for what is to go; with a limit, only until enough rows may go."""
        limit, mode = self._request.limit, self._request.policy.mode
        wanted = (
            f"select v.kind, v.key from {self._rows} and {self._ask} order by d.row limit {PORTION}"
        )
        may_go = {"upsert": "true", "create_only": _GONE, "update_only": _THERE}[mode]
        ready = f"select count(*) from {self._rows} and not {self._ask} and {may_go}"
        while keys := self._connection.execute(wanted).fetchall():
            if limit is not None and scalar(self._connection, ready) >= limit:
                break
            self._keep(looking(keys))
        self._connection.execute(
            f"update {DIFF} set fate = '{LIMIT}'"
            f" where row in (select d.row from {self._rows} and {self._ask})"
        )

    def _keep(self, looks: Iterator[Look]) -> None:
        """Keeps all answers up to the first that stays away."""
        at = self._request.at.astimezone(UTC).replace(tzinfo=None)
        seen: list[tuple[Any, ...]] = []
        try:
            for look in looks:
                name = f"{look.kind}:{look.key}"
                seen.append((name, look.found, at, [*look.properties]))
        finally:
            if seen:
                forget(self._connection, (name for name, *_ in seen))
                self._connection.executemany(_KEEP, seen)


def forget(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Removes what is kept of the persons with these identifiers, each as `kind:value`."""
    connection.execute(_TABLE)
    for name in names:
        connection.execute("delete from looks where person = md5_number_lower($1)", [name])


def note(profiles: int) -> str:
    """The cost of looking for so many, in a sentence."""
    seconds = -(-profiles // MAX_IN_FLIGHT_OTHER)
    minutes = f"{seconds // 60:,} min" if seconds >= 120 else f"{seconds} s"
    return (
        f"{profiles:,} profiles would be looked for first, in as many requests, "
        f"{MAX_IN_FLIGHT_OTHER} at a time: {minutes} or more"
    )
