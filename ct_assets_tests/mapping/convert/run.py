"""Runs conversions over literal columns as the split does."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from ct_assets.mapping.convert import FieldType, Target, convert, prepare


def outcomes(
    column: pl.Series, target: Target, *, beside: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per value: `value`, `failed`, and `code` and `message` where it failed."""
    converted = convert(pl.col("given"), column.dtype, target)
    given = column.alias("given").to_frame()
    frame = (given if beside is None else given.hstack(beside)).lazy()
    return (
        prepare(frame, [converted])
        .select(
            "given",
            value=converted.value,
            failed=converted.failed,
            code=pl.when(converted.failed).then(converted.code),
            message=pl.when(converted.failed).then(converted.message),
        )
        .select("value", "failed", "code", "message")
        .collect(engine="streaming")
    )


def converted(
    values: Sequence[object],
    kind: FieldType | None = None,
    dtype: Any = None,
    field: str = "Anything",
    **settings: Any,
) -> list[tuple[object, str | None]]:
    """The wire value and the reason code of each value."""
    column = pl.Series("given", values, dtype=dtype, strict=dtype is None)
    found = outcomes(column, Target(field, kind, **settings))
    return list(zip(found["value"].to_list(), found["code"].to_list(), strict=True))


def one(value: object, kind: FieldType | None = None, **settings: Any) -> tuple[object, str | None]:
    return converted([value], kind, **settings)[0]
