"""DuckDB's types become others where Parquet, or polars reading it, would spoil them.

A UUID and JSON would come back as bytes, a sum of integers (HUGEINT) as a float that has lost its
last digits, `24:00:00` as nothing, a time with a zone without it, and polars does not open a file
that has an INTERVAL. A UHUGEINT is text because hashes such as `md5_number` have 39 digits, one
more than a DECIMAL.
"""

import re

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType

from ct_assets.sql import name_sql

WHOLE = "DECIMAL(38,0)"
_CARRIED_AS = {
    "UUID": "VARCHAR",
    "JSON": "VARCHAR",
    "INTERVAL": "VARCHAR",
    "TIME": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "TIME_NS": "VARCHAR",
    "HUGEINT": WHOLE,
    "UHUGEINT": "VARCHAR",
}


def carried(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same rows, in types that come through Parquet as they are."""
    casts = [
        f"cast({name_sql(column)} as {kind}) as {name_sql(column)}"
        for column, given in zip(rows.columns, rows.types, strict=True)
        if (kind := _carried_as(given)) != str(given)
    ]
    return rows.project(f"* replace ({', '.join(casts)})") if casts else rows


def _carried_as(kind: DuckDBPyType) -> str:
    if kind.id == "struct":
        members = (f"{name_sql(name)} {_carried_as(part)}" for name, part in _parts(kind))
        return f"STRUCT({', '.join(members)})"
    if kind.id == "map":
        return f"MAP({', '.join(_carried_as(part) for _, part in _parts(kind))})"
    if kind.id in ("list", "array"):
        return f"{_carried_as(_parts(kind)[0][1])}[]"
    return _CARRIED_AS.get(str(kind), str(kind))


def _parts(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]


def polars_type(kind: str) -> pl.DataType:
    """The family of a type of single values; text of all others."""
    families = {
        "TIMESTAMP WITH TIME ZONE": pl.Datetime("us", "UTC"),
        "TIMESTAMP": pl.Datetime("us"),
        "DATE": pl.Date(),
        "DECIMAL": pl.Decimal(38, 0),
    }
    of_it = (dtype for name, dtype in families.items() if kind.startswith(name))
    whole = re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", kind)
    return pl.Int64() if whole else next(of_it, pl.String())
