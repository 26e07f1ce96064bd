"""RowHash tells rows apart by 64 bits of all their values, whatever their types."""

import functools
import operator

import polars as pl

from ct_assets.mapping.convert.dtypes import dtype_of, entry_of, inner, is_list


def row_hash(schema: pl.Schema) -> pl.Expr:
    """The hash of a row with these columns; of use within one version of polars alone."""
    columns = enumerate(schema.items())
    hashes = (exact(pl.col(name), dtype).hash(seed) for seed, (name, dtype) in columns)
    return functools.reduce(operator.xor, hashes, pl.lit(0, pl.UInt64))


def exact(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Values that are equal only if they are written alike: for polars -0.0 is equal to 0.0."""
    if not _has_floats(dtype):
        return value
    if isinstance(dtype, pl.Map):
        entries = pl.List(entry_of(dtype))
        return exact(value.cast(entries), entries)
    if is_list(dtype):
        values = exact(pl.element(), inner(dtype))
        return value.list.eval(values) if isinstance(dtype, pl.List) else value.arr.eval(values)
    if isinstance(dtype, pl.Struct):
        parts = [
            exact(value.struct.field(each.name), dtype_of(each)).alias(each.name)
            for each in dtype.fields
        ]
    else:
        parts = [value.alias("value"), (1 / value).alias("sign")]
    return pl.when(value.is_not_null()).then(pl.struct(parts))


def _has_floats(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.Map):
        return _has_floats(entry_of(dtype))
    if isinstance(dtype, pl.Struct):
        return any(_has_floats(dtype_of(each)) for each in dtype.fields)
    return _has_floats(inner(dtype)) if is_list(dtype) else dtype.is_float()
