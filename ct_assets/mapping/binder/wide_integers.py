"""Wide integers, of 128 bits, stand in for others while `expr:` and `where:` are computed.

Polars computes in the types of the columns and wraps around where the result does not fit.
"""

from collections.abc import Callable, Mapping

import polars as pl

from ct_assets.mapping.convert.dtypes import dtype_of, inner, is_list

# Prefix of a column as it was, while its name stands for the wide one.
NARROW = "__narrow:"


def wide(dtype: pl.DataType) -> pl.DataType:
    """Type with every narrow integer made wide, inside lists and structs, too."""
    if dtype.is_integer() and not isinstance(dtype, pl.UInt128):
        return pl.Int128()
    if is_list(dtype):
        return pl.List(wide(inner(dtype)))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: wide(dtype_of(field)) for field in dtype.fields})
    return dtype


def widened(
    frame: pl.LazyFrame,
    columns: Mapping[str, pl.DataType],
    step: Callable[[pl.LazyFrame], pl.LazyFrame],
) -> pl.LazyFrame:
    """Applies `step` while columns of `frame` have these types; afterwards they have their own."""
    if not columns:
        return step(frame)
    kept = [pl.col(name).alias(NARROW + name) for name in columns]
    cast = [pl.col(name).cast(dtype) for name, dtype in columns.items()]
    back = [pl.col(NARROW + name).alias(name) for name in columns]
    return step(frame.with_columns(*kept, *cast)).with_columns(back)
