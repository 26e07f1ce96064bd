"""Aliases are the further identifiers of a profile's row, by which a person is known again.

CleverTap joins all identifiers that a row ever bore into one profile, so `synced` keeps them, as
hashes, beyond the delivery that sent them: whoever loses one of them is still the same profile.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.scratch_tables import ABSENT_KEYS, DIFF, EARLIER_KEYS, GONE, VALID
from ct_assets.delivery.state.state_database import get, put, scalar
from ct_assets.delivery.state.sync_files import PREVIOUS
from ct_assets.sql import parquet_sql

# Those who are sent under their key today are left out first, who are nearly all.
_ABSENT = f"""
select s.kind || ':' || s.key as name, s.fields, s.also
from synced as s anti join {VALID} as v on v.key = s.key and v.kind = s.kind
"""
_EARLIER = f"""
insert into {EARLIER_KEYS}
select
    row, list(name), list_reduce(list(fields), lambda a, b: {field_bitmap.merged("a", "b")}),
    list_concat(list(md5_number_lower(name)), flatten(list(also)))
from (
    select o.row, a.* from (select row, unnest(also) as other from {VALID}) as o
    join {ABSENT_KEYS} as a on a.name = o.other
    union
    select v.row, a.* exclude (bore) from (select *, unnest(also) as bore from {ABSENT_KEYS}) as a
    join {VALID} as v on {lane_hash("v.kind", "v.key")} = a.bore
)
group by row
"""
_LEARN = f"""
update synced as s set also = d.also
from {DIFF} as d join {VALID} as v on v.row = d.row
where d.fate = 'unchanged' and d.also is not null and s.kind = v.kind and s.key = v.key
"""


def recall(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Fills `synced.also` from the last delivery, once, in a state that an older version wrote."""
    if request.policy.object != "profile" or get(connection, "others"):
        return
    previous = request.home / PREVIOUS
    if previous.exists():
        connection.execute(
            f"""
            update synced as s set also = {union(hashed("p._also"), "s.also")}
            from {parquet_sql(previous)} as p
            where p._also is not null and s.kind = p._kind and s.key = p._key
            """
        )
    put(connection, "others", "known")


def find_earlier(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> bool:
    """Fills `EARLIER_KEYS` with rows whose person was sent under a key that no row has today.

    False if no row, today or earlier, has more identifiers than its key.
    """
    EARLIER_KEYS.create(connection)
    if not are_there(connection, request):
        return False
    ABSENT_KEYS.create(connection, _ABSENT)
    if scalar(connection, f"select count(*) from {ABSENT_KEYS}"):
        connection.execute(_EARLIER)
    return True


def are_there(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> bool:
    """Whether a row has more identifiers than its key: one of `VALID`, or one of before."""
    tables = (str(VALID), "synced") if request.policy.object == "profile" else ()
    return any(_some(connection, table) for table in tables)


def _some(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    query = f"select count(*) from (from {table} where also is not null limit 1)"
    return scalar(connection, query) > 0


def hashed(also: str) -> str:
    """SQL of a row's `also` as `synced.also` keeps it: the `lane_hash` of each identifier."""
    return f"list_transform({also}, lambda other: md5_number_lower(other))"


def union(*lists: str) -> str:
    """SQL of all hashes in the lists, sorted; null if there are none."""
    return f"nullif(list_sort(list_distinct(list_concat({', '.join(lists)}))), [])"


def learn(connection: duckdb.DuckDBPyConnection) -> None:
    """Keeps further identifiers of unchanged rows that the state did not know."""
    if scalar(connection, f"select count(also) from {DIFF} where fate = 'unchanged'"):
        connection.execute(_LEARN)


def leave_alone(connection: duckdb.DuckDBPyConnection, keys: str) -> None:
    """Removes from `GONE` whoever had an identifier that a row of `keys` has today."""
    if not _some(connection, str(GONE)):
        return
    connection.execute(
        f"""
        delete from {GONE} where (kind, key) in (
            select (kind, key) from (select kind, key, unnest(also) as bore from {GONE})
            semi join (
                select {lane_hash("_kind", "_key")} as bore from {keys}
                union all
                select md5_number_lower(unnest(_also)) from {keys} where _also is not null
            ) using (bore)
        )
        """
    )
