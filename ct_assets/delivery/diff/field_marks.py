"""Field marks know each field as CleverTap acknowledged it, so that it goes when it changes only.

A mark is 28 bits of a hash of the field's JSON, at the field's position. The state keeps a list of
them for each profile, under a hash of its key: some 59 bytes for 14 fields. Where it has none, or
an answer was lost, the whole record goes.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Iterable, Mapping

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state.scratch_tables import RECORD_OUTCOMES, VALID
from ct_assets.delivery.state.state_database import scalar
from ct_assets.sql import literal

TABLE = "create table if not exists marks (profile ubigint, hashes uinteger[])"

_MARK = "if(x is null, null, (md5_number_lower(x::varchar) % 268435456)::uinteger)"


def narrowed(request: DeliveryRequest, positions: Mapping[str, int]) -> str:
    """SQL of `VALID` with `marks`, and with `record` lacking the fields that CleverTap has so."""
    names = sorted(positions, key=lambda name: positions[name])
    listed = f"[{', '.join(map(literal, names))}]::varchar[]"
    paths = ", ".join(literal(f'$.profileData."{name}"') for name in names)
    now = f"list_transform(json_extract(v.record, [{paths}]::varchar[]), lambda x: {_MARK})"
    whole = "true" if request.full else "s.key is null"
    kept = "lambda name, place: now[place] = before[place]"
    patch = f"""'{{"profileData":{{' || array_to_string(list_transform(
        list_filter({listed}, {kept}), lambda name: '"' || name || '":null'), ',') || '}}}}'"""
    after = f"""list_transform({listed}, lambda name, place: coalesce(
        now[place], if(list_contains(coalesce(clear, []), name), null, before[place])))"""
    return f"""(
        select * exclude (now, before, whole) replace (
            if(whole or before is null, record, json_merge_patch(record, {patch})::varchar)
                as record
        ), {after} as marks
        from (
            select v.*, {now} as now, m.hashes as before, {whole} as whole
            from {VALID} as v
            left join marks as m on m.profile = {lane_hash("v.kind", "v.key")}
            left join synced as s on s.kind = v.kind and s.key = v.key
                and s.fingerprint is not null and s.delivery is not null
        )
    )"""


def forget(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Removes what is kept of these profiles, each as `kind:key`."""
    connection.execute(TABLE)
    for name in names:
        connection.execute("delete from marks where profile = md5_number_lower($1)", [name])


def fold(connection: duckdb.DuckDBPyConnection) -> None:
    """Takes in the marks of what was acknowledged; knows nothing more of what is in doubt."""
    connection.execute(TABLE)
    if scalar(connection, "select count(*) from (from marks limit 1)"):
        connection.execute(
            f"delete from marks as t using {RECORD_OUTCOMES} as d where"
            f" t.profile = {lane_hash('d.kind', 'd.key')} and d.outcome in ('acked', 'unknown')"
        )
    connection.execute(
        f"insert into marks select {lane_hash('kind', 'key')}, marks from {RECORD_OUTCOMES}"
        " where outcome = 'acked' and action = 'upsert' and marks is not null"
    )
