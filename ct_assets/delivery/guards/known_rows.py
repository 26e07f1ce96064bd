"""KnownRows counts how the rows of today agree with those that a sync has sent or must not send."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from pathlib import Path
from typing import NamedTuple

import duckdb

from ct_assets.clevertap.codes import BEFORE_FROM_NOW, DISCARDED, PARKED
from ct_assets.clevertap.contract import ObjectName
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state.state_database import scalar
from ct_assets.sql import parquet_sql

KNOWN = f"""(
    select kind, key, fingerprint, person, also from synced
    union all by name
    select kind, key, fingerprint, person from held as h anti join synced using (kind, key)
    where reason in {PARKED, DISCARDED, BEFORE_FROM_NOW}
)"""


class KnownRows(NamedTuple):
    known: int
    """Rows of the state."""
    rows: int
    """Valid rows of today, as all of the following."""
    found: int
    """Whose key is in the state."""
    comparable: int
    """Those found whose record is known there."""
    alike: int
    """Those comparable whose record is the same."""
    people: int
    """Those found whose person is known there; of events only."""
    same_person: int
    strangers: int
    """Rows of people whom the state knows by none of their identifiers; of profiles only."""

    @property
    def gone(self) -> int:
        """People of the state whom no row of today is, at least; of profiles only."""
        return max(0, self.known - self.rows + self.strangers)

    @property
    def differ(self) -> int:
        return self.comparable - self.alike

    @property
    def agree(self) -> bool:
        """Whether most of those that can be compared are as they were sent."""
        return self.comparable > 0 and 2 * self.alike >= self.comparable

    @property
    def meet(self) -> bool:
        """Whether most rows of the smaller side are on the other one, too."""
        return 2 * self.found >= min(self.rows, self.known)


def count(connection: duckdb.DuckDBPyConnection, valid: Path, object_: ObjectName) -> KnownRows:
    counted = connection.execute(
        f"""
        select (select count(*) from {KNOWN}), count(*), count(k.key), count(k.fingerprint),
            count(*) filter (k.fingerprint = v.fingerprint), count(k.person),
            count(*) filter (k.person = v.person)
        from {today(valid, object_)} as v left join {KNOWN} as k using (kind, key)
        """
    ).fetchone()
    strangers = 0 if object_ == "event" else _strangers(connection, valid)
    return KnownRows._make((*(counted or ()), strangers))


def today(valid: Path, object_: ObjectName) -> str:
    """SQL of the valid rows: kind, key, fingerprint and person as the state would have them."""
    kind = "'event'" if object_ == "event" else "_kind"
    person = lane_hash("_kind", "_identity") if object_ == "event" else "null::ubigint"
    return f"""(
        select {kind} as kind, _key as key, md5_number_lower(_record) as fingerprint,
            {person} as person
        from {parquet_sql(valid)}
    )"""


def _strangers(connection: duckdb.DuckDBPyConnection, valid: Path) -> int:
    return scalar(
        connection,
        f"""
        with names as (
            select file_row_number as row, unnest(
                list_append(coalesce(_also, []), _kind || ':' || _key)
            ) as name
            from {parquet_sql(valid, numbered=True)}
        ), hashes as (
            select md5_number_lower(kind || ':' || key) as hash from {KNOWN}
            union all select unnest(also) from {KNOWN}
        )
        select (select count(distinct row) from names) - count(distinct row) from names
        semi join hashes on hashes.hash = md5_number_lower(names.name)
        """,
    )
