"""Structs are taken apart: CleverTap takes only the single values that they hold."""

from typing import NamedTuple

import polars as pl

from ct_assets.mapping.convert.dtypes import dtype_of

# A dot is forbidden in names.
JOINT = "_"


class Flat(NamedTuple):
    """One value inside a struct and the field it fills."""

    field: str
    source: pl.Expr
    dtype: pl.DataType


def flatten(source: pl.Expr, dtype: pl.DataType, field: str) -> list[Flat]:
    """Every value inside a struct of any depth, as `field_inner_innermost`.

    A column of another type comes back as it is. Names may clash with those of other fields and
    may break the rules of names: both are for the caller to check.
    """
    if not isinstance(dtype, pl.Struct):
        return [Flat(field, source, dtype)]
    return [
        flat
        for part in dtype.fields
        for flat in flatten(
            source.struct.field(part.name), dtype_of(part), f"{field}{JOINT}{part.name}"
        )
    ]
