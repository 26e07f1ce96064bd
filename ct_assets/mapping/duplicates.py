"""Keys of a snapshot tell which rows are rejected or left out because of other rows.

One pass of polars writes the keys, another looks for hashes that occur twice. Only when it finds
some does DuckDB, which spills, compare them; then the keys are written again with each row's fate,
in the order of the source, so that the split reads them alongside and joins nothing.
"""

from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.binder.bound_sync import BoundSync
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.repeated_values import repeated_values
from ct_assets.sql import connected, quoted

DUPLICATE, SUPERSEDED, UNPROFILED = "duplicate", "superseded", "unprofiled"
PLACE = "__row"
_FATE_COLUMNS = {"_fate": pl.String(), "_copies": pl.Int64()}


class Keys(NamedTuple):
    path: Path
    rows: int
    superseded: int
    fated: bool
    """Whether any row is rejected or left out because of another one."""


def write_keys(
    bound: BoundSync, source: pl.LazyFrame, workdir: Path, rejected_profiles: pl.LazyFrame | None
) -> Keys:
    path = workdir / "keys.parquet"
    key_columns(bound, bound.kept(source.with_row_index(PLACE))).sink_parquet(path)
    profiles = None
    if rejected_profiles is not None:
        profiles = workdir / "rejected_profiles.parquet"
        rejected_profiles.sink_parquet(profiles)
    keys = pl.scan_parquet(path, glob=False)
    height = int(keys.select(pl.len()).collect().item())
    if profiles is None and not _may_repeat(keys, height, bound):
        return Keys(path, height, superseded=0, fated=False)
    with connected(workdir) as connection:
        return _judged(connection, path, height, bound, profiles)


def _may_repeat(keys: pl.LazyFrame, height: int, bound: BoundSync) -> bool:
    """By their hashes alone, so that all keys are compared only where some seem to be equal."""
    hashed = pl.col("_key").hash()
    if bound.event_key is None:
        hashed = hashed ^ pl.col("_kind").hash()
    hashes = pl.when(pl.col("_key").is_not_null()).then(hashed)
    return bool(repeated_values(hashes, keys, height).values)


def rejected_keys(sync: Sync, rejected: pl.LazyFrame) -> pl.LazyFrame:
    """Keys of the rejected rows of a profile sync, for syncs that require its profiles."""
    # The identifiers alone: an earlier declaration, perhaps of other columns, split these rows.
    schema = pl.Schema(list(rejected.drop("reasons").collect_schema().items()))
    bound = bind(sync.bare(), schema)
    return key_columns(bound, rejected.with_row_index(PLACE)).select("_kind", "_key", "_also")


def key_columns(bound: BoundSync, source: pl.LazyFrame) -> pl.LazyFrame:
    identity = bound.identity
    value = identity.value
    columns = [
        pl.col(PLACE).cast(pl.Int64).alias("_row"),
        (value if bound.event_key is None else bound.event_key).alias("_key"),
        identity.kind.alias("_kind"),
        value.alias("_identity"),
        identity.also.alias("_also"),
        *(pl.lit(None, dtype).alias(name) for name, dtype in _FATE_COLUMNS.items()),
    ]
    if bound.order is not None:
        columns.append(bound.order.alias("_order"))
    return bound.prepared(source, bound.identifying).select(columns)


def _judged(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    rows: int,
    bound: BoundSync,
    profiles: Path | None,
) -> Keys:
    connection.sql(f"create view keys as from read_parquet('{quoted(path)}')")
    profiles_from = _NOBODY if profiles is None else f"from read_parquet('{quoted(profiles)}')"
    connection.sql(_UNPROFILED.format(profiles=profiles_from))
    connection.sql(_DUPLICATES.format(key=_key(bound), **_order(bound)._asdict()))
    fated, superseded = _row(connection, _FATED)
    if not fated:
        return Keys(path, rows, superseded=0, fated=False)
    written = path.with_name("fates.parquet")
    alike = "d.unordered" if bound.order is not None else "d.copies is not null"
    fates = {"duplicate": DUPLICATE, "superseded": SUPERSEDED, "unprofiled": UNPROFILED}
    connection.sql(_FATES.format(alike=alike, path=quoted(written), **fates))
    written.replace(path)
    return Keys(path, rows, superseded if bound.order is not None else 0, fated=True)


def _key(bound: BoundSync) -> str:
    """Columns whose values must be unique: the event key, or an identifier with its kind."""
    return "_key" if bound.event_key is not None else "_kind, _key"


class _Order(NamedTuple):
    """SQL that tells which of several rows is the latest."""

    latest: str = ""
    """Sort terms, the latest first."""
    unordered: str = "false"
    """Condition of rows without a readable place in the order."""


def _order(bound: BoundSync) -> _Order:
    if bound.order is None:
        return _Order()
    if not isinstance(bound.order_type, pl.String):
        return _Order("_order desc nulls last,")
    return _Order(
        f"{_MOMENT} desc nulls last, {_NUMBER} desc nulls last, _order desc nulls last,",
        f"{_MOMENT} is null and {_NUMBER} is null and trim(_order) <> ''",
    )


# Text that is ISO 8601, or Snowflake's form of it with a blank before the offset, or a number.
# Without the year in front DuckDB would take the first number of 09/02/24 for it.
_MOMENT = """case when regexp_matches(trim(_order), '^(\\d{4}[-/]|\\d{8}T)') then coalesce(
    try_cast(regexp_replace(trim(_order), '\\s([+-]\\d\\d:?\\d\\d)$', '\\1') as timestamptz),
    try_strptime(trim(_order), ['%Y-%m', '%Y%m%dT%H%M%SZ'])::timestamptz
) end"""
_NUMBER = "try_cast(trim(_order) as double)"


_NOBODY = "select null::varchar as _kind, null::varchar as _key, null::varchar[] as _also limit 0"

_UNPROFILED = """
create temp table unprofiled as
with profiles as ({profiles}),
people as (
    select _kind || ':' || _key as person from profiles where _key is not null
    union select unnest(_also) from profiles
)
select _row from keys where _kind || ':' || _identity in (from people)
"""

_DUPLICATES = """
create temp table duplicates as
with suspects as (
    select hash({key}) as h from keys where _key is not null group by 1 having count(*) > 1
)
select _row, count(*) over same as copies, bool_or({unordered}) over same as unordered,
    row_number() over (partition by {key} order by {latest} _row desc) as place
from keys where _key is not null and hash({key}) in (select h from suspects)
window same as (partition by {key})
qualify copies > 1
"""

_FATED = """
select (select count(*) from unprofiled) + (select count(*) from duplicates),
    (select count(*) from duplicates where place > 1 and not unordered)
"""

_FATES = """
copy (
    select k.* exclude (_fate, _copies),
        case when {alike} then '{duplicate}'
            when d.place > 1 then '{superseded}'
            when u._row is not null then '{unprofiled}' end as _fate,
        d.copies as _copies
    from keys k left join duplicates d using (_row) left join unprofiled u using (_row)
    order by k._row
) to '{path}' (format parquet)
"""


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    first, second = connection.sql(query).fetchall()[0]
    return int(first), int(second)
