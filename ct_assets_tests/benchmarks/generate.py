"""Seeded tables as a warehouse has them: 14 columns, a third of the optional values missing.

Written in slices, so that ten million rows need no more memory than one slice. The suffix of the
path says whether it becomes Parquet or CSV; in CSV a list is text, its values parted by `;`.
"""

from pathlib import Path

import duckdb
import polars as pl

SLICE = 500_000

_PROFILES = """
with r as (
    select
        i,
        (hash(i * 31 + {seed}) >> 2)::bigint as h,
        (hash(i * 37 + {seed}) >> 2)::bigint as g,
        (hash(i * 41 + {seed}) >> 2)::bigint as k
    from range({first}, {last}) t(i)
)
select
    printf('cust-%09d', i) as customer_id,
    ['Ada', 'Zoë', 'Søren', '美咲', 'Łukasz', 'محمد', 'Inga', 'O''Brien'][1 + h % 8] as first_name,
    ['Lovelace', 'Müller', '田中', 'Kowalski', 'حسن', 'Da Silva'][1 + g % 6] as last_name,
    printf('user%d@example%d.com', i, h % 97) as email,
    {phone} as phone,
    ['US', 'IN', 'DE', 'GB', 'BR', 'FR', 'JP', 'AU'][1 + k % 8] as country,
    if(h % 10 < 3, null, ['Zürich', 'São Paulo', 'Berlin', '東京', 'New York'][1 + g % 5]) as city,
    if(g % 10 < 3, null, ['gold', 'silver', 'bronze'][1 + h % 3]) as tier,
    if(k % 10 < 3, null, date '1950-01-01' + (h % 20000)::int) as birthday,
    timestamp '2024-01-01' + to_seconds((g % 60000000)::bigint) as signed_up_at,
    if(h % 10 < 3, null, ((g % 1000000) / 100)::decimal(18, 2)) as balance,
    (k % 500)::integer as visits,
    (h % 2 = 0) as newsletter,
    {interests} as interests
from r
"""

_INTERESTS = "if(g % 10 < 3, null, ['news', 'sale', 'vip', 'beta'][1 + h % 2 : 2 + k % 3])"

_CLEAN = """[
    '+1650253' || d(h, 4), '+9198765' || d(h, 5),
    '+4915112' || d(h, 6), '+447400' || d(h, 6),
    '+5511961' || d(h, 6), '+33612' || d(h, 6),
    '+819012' || d(h, 6), '+61412' || d(h, 6)
][1 + k % 8]"""

_MESSY = """case when g % 10 < 4 then {clean} when g % 10 = 9 then 'n/a' else [
    '(650) 253-' || d(h, 4), '098765-' || d(h, 5),
    '0151 12' || d(h, 6), '07400 ' || d(h, 6),
    '(11) 961' || d(h, 6), '06 12 ' || d(h, 6),
    '090-12' || d(h, 6), '0412 ' || d(h, 6)
][1 + k % 8] end"""

_EVENTS = """
select
    printf('ev-%010d', i) as event_id,
    printf('cust-%09d', (hash(i * 43 + {seed}) % 1000000)::bigint) as customer_id,
    'Charged' as event_name,
    timestamp '2025-01-01' + to_seconds(i) as happened_at,
    ((hash(i + {seed}) % 100000)::bigint / 100)::decimal(18, 2) as amount,
    ['EUR', 'USD', 'INR'][1 + (hash(i * 7) % 3)::bigint] as currency,
    ['Zürich', '東京', 'Berlin', null][1 + (hash(i * 11) % 4)::bigint] as city,
    [{{'sku': 'A' || (hash(i) % 100)::bigint, 'quantity': 1 + (hash(i * 3) % 4)::bigint}}] as items
from range({first}, {last}) t(i)
"""


def _write(path: Path, rows: int, query: str) -> Path:
    with duckdb.connect(config={"memory_limit": "512MB"}) as connection:
        connection.execute("create macro d(h, n) as lpad((h % 10 ** n)::bigint::varchar, n, '0')")
        parts = " union all ".join(
            f"({query.replace('{first}', str(at)).replace('{last}', str(min(at + SLICE, rows)))})"
            for at in range(0, rows, SLICE)
        )
        form = "format csv" if path.suffix == ".csv" else "format parquet, row_group_size 122880"
        connection.execute(f"copy ({parts}) to '{path}' ({form})")
    return path


def profiles(path: Path, rows: int, *, messy_phones: bool = False, seed: int = 7) -> Path:
    """A file of profiles; `messy_phones` writes six in ten phones as people type them."""
    phone = _MESSY.replace("{clean}", _CLEAN) if messy_phones else _CLEAN
    text = path.suffix == ".csv"
    interests = f"array_to_string({_INTERESTS}, ';')" if text else _INTERESTS
    query = _PROFILES.replace("{phone}", phone).replace("{interests}", interests)
    return _write(path, rows, query.replace("{seed}", str(seed)))


def events(path: Path, rows: int, *, seed: int = 7) -> Path:
    """A Parquet file of Charged events of up to a million people, in time order."""
    return _write(path, rows, _EVENTS.format(seed=seed, first="{first}", last="{last}"))


def edited(source: Path, path: Path, *, one_in: int = 100) -> Path:
    """A file of profiles, of which one in so many, all over the file, has one visit more."""
    edit = pl.int_range(pl.len()) % one_in == 0
    rows = pl.scan_parquet(source).with_columns(visits=pl.col("visits") + edit.cast(pl.Int32))
    rows.sink_parquet(path, row_group_size=122_880)
    return path
