"""Field marks know each field as CleverTap acknowledged it, so that it goes when it changes only.

A mark is 28 bits of a hash of the field's JSON, at the field's position. The state keeps a list of
them for each profile, under a hash of its key: some 59 bytes for 14 fields. Where it has none, or
an answer was lost, the whole record goes.
"""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from ct_assets.clevertap.codes import FILLED_ALREADY
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.membership import GOING
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.scratch_tables import DIFF, RECORD_OUTCOMES, VALID
from ct_assets.delivery.state.state_database import scalar
from ct_assets.sql import literal

TABLE = "create table if not exists marks (profile ubigint, hashes uinteger[])"

_MARK = "if(x is null, null, (md5_number_lower(x::varchar) % 268435456)::uinteger)"


def narrowed(request: DeliveryRequest, positions: Mapping[str, int], where: str = "true") -> str:
    """SQL of rows that go, with `marks`, and without the fields that are not to go.

    These are the ones that CleverTap has as they are, and those of `leave` in `DIFF`. They are left
    out of `record` and `present`; all else is as in `VALID`. `where` is a condition on `v` and `d`.
    """
    policy, names = request.policy, sorted(positions, key=lambda name: positions[name])
    listed = f"[{', '.join(map(literal, names))}]::varchar[]"
    paths = ", ".join(literal(f'$.profileData."{name}"') for name in names)
    now = f"list_transform(json_extract(v.record, [{paths}]::varchar[]), lambda x: {_MARK})"
    if_changed = f"[{', '.join(str(policy.goes_if_changed(name)) for name in names)}]::boolean[]"
    whole = "true" if request.full else "s.key is null"
    after = f"""list_transform({listed}, lambda name, place: coalesce(
        now[place], if(list_contains(coalesce(clear, []), name), null, before[place])))"""
    words = field_bitmap.count(positions)
    filling = [name for name in policy.filling if name in positions]
    left = field_bitmap.listed("leave", filling, positions)
    present = field_bitmap.without(field_bitmap.stored("present", words), left)
    out = """if(whole, leave, list_filter(names, lambda name, place:
        (if_changed[place] and now[place] = before[place]) or list_contains(leave, name)))"""
    patch = """'{"profileData":{' || array_to_string(
        list_transform(out, lambda name: '"' || name || '":null'), ',') || '}}'"""
    joined = _SEEN if policy.keeps_marks else _UNSEEN
    return f"""(
        select * exclude (now, before, whole, leave, names, if_changed, out) replace (
            if(coalesce(len(out), 0) = 0, record, json_merge_patch(record, {patch})::varchar)
                as record,
            {field_bitmap.as_list(present)} as present
        ), {after if policy.keeps_marks else "null"} as marks
        from (select *, {out} as out from (
            select v.*, d.leave, {listed} as names, {if_changed} as if_changed,
                {joined.format(now=now, whole=whole, where=where)} where {where}
        ))
    )"""


_GOING = f"{VALID} as v join {DIFF} as d on d.row = v.row and d.fate in {GOING}"
_SEEN = f"""
    {{now}} as now, m.hashes as before, m.hashes is null or {{whole}} as whole
    from {_GOING}
    left join (
        select v.row, m.hashes from {_GOING}
        join marks as m on m.profile = {lane_hash("v.kind", "v.key")} where {{where}}
    ) as m on m.row = v.row
    left join (
        select v.row, s.key from {_GOING} join synced as s on s.kind = v.kind and s.key = v.key
            and s.fingerprint is not null and s.delivery is not null where {{where}}
    ) as s on s.row = v.row
"""
# Both are joined with the rows of `where` first, which are fewer: an outer join would hold all.
_UNSEEN = f"""
    null::uinteger[] as now, null::uinteger[] as before, true as whole
    from {_GOING}
"""


def hold_empty(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    positions: Mapping[str, int],
    clearable: Sequence[str],
) -> None:
    """Sends no record that has lost all its fields, and clears none: CleverTap has them already."""
    connection.execute(TABLE)
    words = field_bitmap.count(positions)
    before, now = (field_bitmap.stored(name, words) for name in ("d.fields", "v.present"))
    fewer = field_bitmap.some(field_bitmap.without(before, now))
    asked = field_bitmap.listed("v.clear", clearable, positions)
    clears = field_bitmap.some(field_bitmap.zip_with("&", asked, before))
    where = f"(d.leave is not null or d.fate = 'changed' and {fewer}) and not {clears}"
    if not scalar(connection, f"select count(*) from {_GOING} where {where}"):
        return
    connection.execute(
        f"""
        update {DIFF} set fingerprint = null, fields = null,
            fate = if(fate = 'new', '{FILLED_ALREADY}', 'unchanged')
        where row in (
            select row from {narrowed(request, positions, where)}
            where suffix(record, '"profileData":{{}}}}')
        )
        """
    )


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
