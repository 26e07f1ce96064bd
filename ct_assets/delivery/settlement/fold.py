"""fold() takes outcomes into the state: acked records, held ones, and those in doubt."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import PARKED, REFUSED
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.diff import field_marks
from ct_assets.delivery.outbox import OutboxOrigin
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.scratch_tables import RECORD_OUTCOMES
from ct_assets.delivery.state.state_database import put, scalar, transaction
from ct_assets.sql import literal, parquet_sql

_FORGET_REPLACED = f"""
delete from {{table}} as t using (
    select distinct unnest(replaces) as other from {RECORD_OUTCOMES}
    where outcome = 'acked' and replaces is not null
) as r where t.kind || ':' || t.key = r.other
"""

_FORGET = f"""
delete from {{table}} as t using {RECORD_OUTCOMES} as d
where d.kind = t.kind and d.key = t.key and d.outcome in ({{outcomes}})
"""

_ACKED = f"""
insert into synced
select kind, key, fingerprint, fields, person, {{delivery}}, also from {RECORD_OUTCOMES}
where outcome = 'acked' and action = 'upsert'
"""

_UNKNOWN = f"select count(*) from {RECORD_OUTCOMES} where outcome = 'unknown'"
_DOUBT = f"""
update synced as s set fingerprint = null, fields = {field_bitmap.merged("s.fields", "d.fields")},
    also = coalesce(d.also, s.also)
from {RECORD_OUTCOMES} as d where d.kind = s.kind and d.key = s.key and d.outcome = 'unknown'
"""
_DOUBT_NEW = f"""
insert into synced
select kind, key, null, fields, person, null, also from {RECORD_OUTCOMES} as d
where outcome = 'unknown' and action = 'upsert'
    and not exists (from synced as s where s.kind = d.kind and s.key = d.key)
"""

_REFUSED = f"""
insert into held (kind, key, reason, person, fingerprint, declaration, code, message, batch,
    delivery, since, partition)
select kind, key, '{REFUSED}', person, fingerprint, {{declaration}}, code::varchar, message, batch,
    {{delivery}}, {{now}}, {{partition}}
from {RECORD_OUTCOMES} where outcome = 'refused' and action = 'upsert'
"""

_PARKED = f"""
insert into held (kind, key, reason, person, fingerprint, declaration, message, batch, delivery,
    since, partition, record)
select d.kind, d.key, '{PARKED}', d.person, d.fingerprint, {{declaration}}, d.message, d.batch,
    {{delivery}}, {{now}}, {{partition}}, o.record
from {RECORD_OUTCOMES} as d left join {{records}} as o using (batch, position)
where d.outcome = 'unknown' and d.action = 'upsert'
"""


def fold(
    connection: duckdb.DuckDBPyConnection,
    policy: Policy,
    origin: OutboxOrigin,
    outbox: Path | None,
) -> None:
    """Takes in `RECORD_OUTCOMES`: all of it or nothing, and the same if it is done twice.

    Without the outbox, nobody will see the text of a record that is parked.
    """
    facts = {
        "now": f"timestamp '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}'",
        "delivery": str(origin.delivery),
        "declaration": literal(origin.declaration),
        "partition": literal(origin.partition) if origin.partition else "null",
        "records": f"(select batch, position, record from {parquet_sql(outbox)})"
        if outbox
        else "(select null::uinteger as batch, null::uinteger as position, null as record)",
    }
    with transaction(connection):
        put(connection, "folded", facts["delivery"])
        _release(connection, parks=policy.parks)
        field_marks.fold(connection)
        connection.execute(_ACKED.format(**facts))
        connection.execute(_REFUSED.format(**facts))
        if policy.parks:
            connection.execute(_PARKED.format(**facts))
        if policy.object != "event" and scalar(connection, _UNKNOWN):
            connection.execute(_DOUBT + (" and d.action <> 'upsert'" if policy.parks else ""))
            if not policy.parks:
                connection.execute(_DOUBT_NEW)


def _release(connection: duckdb.DuckDBPyConnection, *, parks: bool) -> None:
    """Deletes the rows of the state that the outcomes replace."""
    if scalar(connection, "select count(*) from (from synced limit 1)"):
        connection.execute(_FORGET.format(table="synced", outcomes="'acked'"))
        connection.execute(_FORGET_REPLACED.format(table="synced"))
    if scalar(connection, "select count(*) from (from held limit 1)"):
        outcomes = "'acked', 'refused'" + (", 'unknown'" if parks else "")
        connection.execute(_FORGET.format(table="held", outcomes=outcomes))
        connection.execute(_FORGET_REPLACED.format(table="held"))
