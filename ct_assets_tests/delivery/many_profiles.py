"""Writes many profiles of 14 fields as the split writes them, and refuses or takes many records."""

import json
from pathlib import Path

import duckdb

from ct_assets.sql import literal
from ct_assets_tests.delivery.segment_kit import Heard

_ROWS = """
select
    'c' || i as _key, 'identity' as _kind, 'c' || i as _identity, null::varchar[] as _also,
    null::bigint as _ts,
    '{"type":"profile","identity":"c' || i || '","profileData":{"Name":"' || "Name"
        || '","Email":"' || "Email" || '","Phone":"' || "Phone" || '","Gender":"F","City":"'
        || "City"
        || '","Country":"Italy","Language":"it","Tier":"gold","Store":"' || "Store"
        || '","Newsletter":true,"DOB":"' || "DOB" || '","Balance":' || "Balance"
        || ',"Segment":"regular buyers","Visits":' || "Visits" || '}}' as _record,
    null::varchar[] as _clear,
    null::struct(field varchar, code varchar, message varchar)[] as _warnings,
    columns(* exclude (i))
from (
    select
        i, 'Person ' || i as "Name", 'person' || i || '@example.org' as "Email",
        '+3902' || (10000000 + i) as "Phone", 'F' as "Gender", 'City ' || i % 100 as "City",
        'Italy' as "Country", 'it' as "Language", 'gold' as "Tier", 'Store ' || i % 10 as "Store",
        true as "Newsletter", '$D_' || (631152000 + i) as "DOB", i / 4 as "Balance",
        'regular buyers' as "Segment", {visits} as "Visits"
    from range({rows}) as numbers(i)
)
"""


def many_profiles(path: Path, rows: int, *, visits: int) -> Path:
    """Only `Visits` differs between two files with other `visits`."""
    with duckdb.connect() as connection:
        select = _ROWS.replace("{visits}", str(visits)).replace("{rows}", str(rows))
        target = f"{literal(str(path))} (format parquet, row_group_size 20000)"
        connection.execute(f"copy ({select}) to {target}")
    return path


def records(heard: Heard) -> int:
    return heard.body.count(b'{"type":"profile"')


def taken(heard: Heard) -> tuple[int, object]:
    return 200, {"status": "success", "processed": records(heard), "unprocessed": []}


def refused(heard: Heard) -> tuple[int, object]:
    """All of them, for their address."""
    text = "Profile data is incorrect. Email is not valid.Skipped record number : {}"
    each = [
        {"status": "fail", "code": 515, "error": text.format(number + 1), "record": record}
        for number, record in enumerate(json.loads(heard.body)["d"])
    ]
    return 200, {"status": "fail", "processed": 0, "unprocessed": each}
