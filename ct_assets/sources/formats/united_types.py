"""UnitedTypes puts frames of differing columns under each other, by the names of the columns.

A column that a frame lacks is null there. Where the types of a column differ, it gets one that
holds the values of all of them; what none holds, such as text and numbers, is refused. Whole
numbers and floats become floats if a float holds all of the numbers, times the microseconds that
all times have here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataTypeClass

from ct_assets.mapping.convert.column_types import MOST_DIGITS
from ct_assets.mapping.convert.numbers import WHOLE_IN_FLOAT

_SIGNED = (pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128())
_UNSIGNED = (pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64())
_DIGITS: Mapping[pl.DataType, int] = {
    pl.Int8(): 3, pl.Int16(): 5, pl.Int32(): 10, pl.Int64(): 19,
    pl.UInt8(): 3, pl.UInt16(): 5, pl.UInt32(): 10, pl.UInt64(): 20,
}  # fmt: skip
_IN_ANY_FLOAT = {pl.Int8(), pl.Int16(), pl.Int32(), pl.UInt8(), pl.UInt16(), pl.UInt32()}


@dataclass
class UnlikeError(Exception):
    """A column that cannot be one: of two frames, by their places, and what it is in each."""

    column: str
    one: int
    other: int
    types: tuple[str, str]


def united(frames: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The rows of all frames, in this order.

    Raises:
        UnlikeError: A column has values that no type holds together.
    """
    schemas = [frame.collect_schema() for frame in frames]
    if all(schema == schemas[0] for schema in schemas):
        return pl.concat(frames) if len(frames) > 1 else frames[0]
    columns = _columns(schemas)
    for name, dtype in columns.items():
        _check_whole(frames, schemas, name, dtype)
    return pl.concat(
        frame.select(
            _as(pl.col(name), schema[name], dtype) if name in schema else _none(name, dtype)
            for name, dtype in columns.items()
        )
        for frame, schema in zip(frames, schemas, strict=True)
    )


def _columns(schemas: Sequence[pl.Schema]) -> Mapping[str, pl.DataType]:
    columns: dict[str, pl.DataType] = {}
    since: dict[str, int] = {}
    for at, schema in enumerate(schemas):
        for name, dtype in schema.items():
            fitting = both(columns.get(name, pl.Null()), dtype)
            if fitting is None:
                one = since[name]
                raise UnlikeError(name, one, at, (str(schemas[one][name]), str(dtype)))
            if fitting != columns.get(name):
                columns[name], since[name] = fitting, at
    return columns


def both(one: pl.DataType, other: pl.DataType, *, inside: bool = False) -> pl.DataType | None:
    """The type that holds the values of both, which may be inside of a list or a struct."""
    if one == other or isinstance(other, pl.Null):
        return one
    if isinstance(one, pl.Null):
        return other
    if one.is_numeric() and other.is_numeric():
        return _numbers(one, other, inside=inside)
    if isinstance(one, pl.Datetime) and isinstance(other, pl.Datetime):
        return _times(one, other)
    texts = (pl.String, pl.Categorical, pl.Enum)
    if isinstance(one, texts) and isinstance(other, texts):
        return pl.String()
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        member = both(_instance(one.inner), _instance(other.inner), inside=True)
        return None if member is None else pl.List(member)
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        return _structs(one, other)
    return None


def _numbers(one: pl.DataType, other: pl.DataType, *, inside: bool) -> pl.DataType | None:
    if isinstance(one, pl.Decimal) or isinstance(other, pl.Decimal):
        return _decimals(one, other)
    if one.is_integer() and other.is_integer():
        return _integers(one, other)
    # Inside, a float of 32 bits would not be read by its text, nor a large number be looked at.
    plain = {one, other} <= _IN_ANY_FLOAT | {pl.Float64()}
    return pl.Float64() if plain or not inside else None


def _integers(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    """The smallest type for both."""
    if isinstance(one, pl.UInt128) or isinstance(other, pl.UInt128):
        return None
    if one in _UNSIGNED and other in _UNSIGNED:
        return max(one, other, key=_UNSIGNED.index)
    # Of as many bits, a signed type does not hold all unsigned numbers.
    sizes = [_UNSIGNED.index(t) + 1 if t in _UNSIGNED else _SIGNED.index(t) for t in (one, other)]
    return _SIGNED[max(sizes)]


def _decimals(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    whole, places = [], []
    for dtype in (one, other):
        if not isinstance(dtype, pl.Decimal) and dtype not in _DIGITS:
            return None
        scale = dtype.scale if isinstance(dtype, pl.Decimal) else 0
        digits = dtype.precision if isinstance(dtype, pl.Decimal) else _DIGITS[dtype]
        whole.append(digits - scale)
        places.append(scale)
    digits = max(whole) + max(places)
    return pl.Decimal(digits, max(places)) if digits <= MOST_DIGITS else None


def _times(one: pl.Datetime, other: pl.Datetime) -> pl.DataType | None:
    if (one.time_zone is None) != (other.time_zone is None):
        return None
    zone = one.time_zone if one.time_zone == other.time_zone else "UTC"
    return pl.Datetime(one.time_unit if one.time_unit == other.time_unit else "us", zone)


def _structs(one: pl.Struct, other: pl.Struct) -> pl.DataType | None:
    members = {member.name: _instance(member.dtype) for member in one.fields}
    for member in other.fields:
        known = members.get(member.name, pl.Null())
        fitting = both(known, _instance(member.dtype), inside=True)
        if fitting is None:
            return None
        members[member.name] = fitting
    return pl.Struct(members)


def _as(column: pl.Expr, dtype: pl.DataType, target: pl.DataType) -> pl.Expr:
    if dtype == target:
        return column
    if isinstance(dtype, pl.Float16 | pl.Float32):  # what it shows as 0.1 stays 0.1
        column = column.cast(pl.String)
    return column.cast(target)


def _none(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(None, dtype).alias(name)


def _check_whole(
    frames: Sequence[pl.LazyFrame],
    schemas: Sequence[pl.Schema],
    name: str,
    target: pl.DataType,
) -> None:
    """Raises an error where a float would not hold a whole number."""
    if not target.is_float():
        return
    for at, schema in enumerate(schemas):
        dtype = schema.get(name)
        if dtype is None or not dtype.is_integer() or dtype in _IN_ANY_FLOAT:
            continue
        column = pl.col(name).cast(pl.Int128)
        beyond = frames[at].select((column.abs() > WHOLE_IN_FLOAT).any())
        if beyond.collect(engine="streaming").item():
            other = next(i for i, each in enumerate(schemas) if name in each
                         and each[name].is_float())  # fmt: skip
            first, second = sorted((at, other))
            said = f"{dtype} beyond 2^53"
            types = (said, str(schemas[other][name]))
            raise UnlikeError(name, first, second, types if first == at else types[::-1])


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
