"""PostgresTypes says what each type of Postgres becomes, and what the server casts for it."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from ct_assets.mapping.convert.column_types import MOST_DIGITS
from ct_assets.sources.connections.database import Column

NAMED = "select oid::bigint, typname::text, typtype::text from pg_catalog.pg_type where oid in ({})"
"""The names of types that the driver does not know, and their kind: c is a row type."""
_UTC = pl.Datetime("us", "UTC")
_AS_THEY_ARE: Mapping[str, pl.DataType] = {
    "int2": pl.Int16(),
    "int4": pl.Int32(),
    "int8": pl.Int64(),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
    "bool": pl.Boolean(),
    "text": pl.String(),
    "varchar": pl.String(),
    "name": pl.String(),
    "json": pl.String(),
    "jsonb": pl.String(),
    "bytea": pl.Binary(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": _UTC,
}
_IN_LISTS = set(_AS_THEY_ARE) - {"json", "jsonb", "name"}
_AS_NUMBERS = {"oid": ("bigint", pl.Int64())}
_GEOMETRIES = {"geometry", "geography", "raster"}


def oid_of(field: Any) -> int | None:  # noqa: ANN401 - pyarrow's, an extra
    """The number of a type that the driver has no name for."""
    name = _type_of(field)
    return int(name[len("unnamed<oid:") : -1]) if name.startswith("unnamed<oid:") else None


def column_of(
    field: Any,  # noqa: ANN401 - pyarrow's, an extra
    named: Mapping[int, tuple[str, str]],
    quoted: Callable[[str], str],
) -> Column:
    """How a column is read."""
    oid = oid_of(field)
    kind, sort = named.get(oid, ("unknown", "b")) if oid is not None else (_type_of(field), "b")
    name = quoted(field.name)
    as_text = {"kind": kind, "dtype": pl.String(), "name": field.name}
    if kind in _GEOMETRIES:
        why = f"its type {kind} is not read; write st_asgeojson({field.name}) in a query"
        return Column(**as_text, left_out=why)
    if kind == "numeric":
        return _decimal(field, name=field.name)
    if kind == "money":
        return Column(name=field.name, kind=kind, dtype=pl.Decimal(MOST_DIGITS, 0), any_digits=True,
                      sql=f"{name}::numeric")  # fmt: skip
    arrow = str(field.type)
    if kind == "record" or sort == "c" or arrow.startswith(("struct<", "list<item: struct<")):
        return Column(**as_text, sql=f"to_jsonb({name})::text")
    if kind.startswith("_"):
        return _list(field.name, name, kind)
    if kind in _AS_NUMBERS:
        cast, number = _AS_NUMBERS[kind]
        return Column(name=field.name, kind=kind, dtype=number, sql=f"{name}::{cast}")
    if kind in _AS_THEY_ARE:
        return Column(name=field.name, kind=kind, dtype=_AS_THEY_ARE[kind])
    return Column(**as_text, sql=f"{name}::text")


def _type_of(field: Any) -> str:  # noqa: ANN401
    metadata = field.metadata or {}
    return str(metadata.get(b"POSTGRESQL:type", b"unknown").decode())


def _decimal(field: Any, name: str) -> Column:  # noqa: ANN401
    """`numeric(10, 2)`, or one of any digits."""
    modifier = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1"))
    if modifier >= 0:
        precision, scale = (modifier - 4) >> 16 & 0xFFFF, ((modifier - 4 & 0x7FF) ^ 0x400) - 0x400
        digits = max(precision - min(scale, 0), scale)
        if digits <= MOST_DIGITS:
            kind = f"numeric({precision},{scale})"
            return Column(name=name, kind=kind, dtype=pl.Decimal(digits, max(scale, 0)))
    return Column(name=name, kind="numeric", dtype=pl.Decimal(MOST_DIGITS, 0), any_digits=True)


def _list(column: str, name: str, kind: str) -> Column:
    member = kind.removeprefix("_")
    test = f"coalesce(array_ndims({name}), 0) > 1"
    if member == "numeric":
        dtype = pl.List(pl.Decimal(MOST_DIGITS, 0))
        return Column(name=column, kind="numeric[]", dtype=dtype, any_digits=True, flat=test)
    if member in _IN_LISTS:
        dtype = pl.List(_AS_THEY_ARE[member])
        return Column(name=column, kind=f"{member}[]", dtype=dtype, flat=test)
    as_texts = f"{name}::text[]"
    return Column(
        name=column, kind=f"{member}[]", dtype=pl.List(pl.String()), sql=as_texts, flat=test
    )
