"""The further identifiers of a profile's row: who is a person under another key of theirs.

CleverTap joins all identifiers that a row ever bore into one profile, so `synced` keeps them, as
hashes, beyond the delivery that sent them: whoever loses one of them is still the same profile.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.state_database import get, put, scalar
from ct_assets.delivery.state.sync_files import PREVIOUS
from ct_assets.sql import parquet_sql

_NO_EARLIER = """
create or replace table work.earlier as
select null::bigint as row, null::varchar[] as replaces, null::ubigint[] as fields,
    null::ubigint[] as also limit 0
"""
# Those who are sent under their key today are left out first, who are nearly all.
_ABSENT = """
create or replace table work.absent as
select s.kind || ':' || s.key as name, s.fields, s.also
from synced as s anti join work.valid as v on v.key = s.key and v.kind = s.kind
"""
_EARLIER = f"""
insert into work.earlier
select
    row, list(name), list_reduce(list(fields), lambda a, b: {field_bitmap.merged("a", "b")}),
    list_concat(list(md5_number_lower(name)), flatten(list(also)))
from (
    select o.row, a.* from (select row, unnest(also) as other from work.valid) as o
    join work.absent as a on a.name = o.other
    union
    select v.row, a.* exclude (bore) from (select *, unnest(also) as bore from work.absent) as a
    join work.valid as v on {lane_hash("v.kind", "v.key")} = a.bore
)
group by row
"""
_LEARN = """
update synced as s set also = d.also
from work.diff as d join work.valid as v on v.row = d.row
where d.fate = 'unchanged' and d.also is not null and s.kind = v.kind and s.key = v.key
"""


def recall(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Once: what the rows of the last delivery bore, of a state that knew keys alone."""
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
    """Fills `work.earlier` with rows that were sent under a key that is no row's own today.

    False if no row, today or earlier, bears more than its key.
    """
    connection.execute(_NO_EARLIER)
    tables = ("work.valid", "synced") if request.policy.object == "profile" else ()
    if not any(_some(connection, table) for table in tables):
        return False
    connection.execute(_ABSENT)
    if scalar(connection, "select count(*) from work.absent"):
        connection.execute(_EARLIER)
    return True


def _some(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    query = f"select count(*) from (from {table} where also is not null limit 1)"
    return scalar(connection, query) > 0


def hashed(also: str) -> str:
    """SQL of what `synced.also` keeps of a row's `also`; of one identifier, its `lane_hash`."""
    return f"list_transform({also}, lambda other: md5_number_lower(other))"


def union(*lists: str) -> str:
    """SQL of all that the lists of hashes hold, sorted; null for nothing."""
    return f"nullif(list_sort(list_distinct(list_concat({', '.join(lists)}))), [])"


def learn(connection: duckdb.DuckDBPyConnection) -> None:
    """Keeps what unchanged rows bear that the state did not know."""
    if scalar(connection, "select count(also) from work.diff where fate = 'unchanged'"):
        connection.execute(_LEARN)


def leave_alone(connection: duckdb.DuckDBPyConnection, keys: str) -> None:
    """Takes from `work.gone` whoever bore an identifier that a row of `keys` bears today."""
    if not _some(connection, "work.gone"):
        return
    connection.execute(
        f"""
        delete from work.gone where (kind, key) in (
            select (kind, key) from (select kind, key, unnest(also) as bore from work.gone)
            semi join (
                select {lane_hash("_kind", "_key")} as bore from {keys}
                union all
                select md5_number_lower(unnest(_also)) from {keys} where _also is not null
            ) using (bore)
        )
        """
    )
