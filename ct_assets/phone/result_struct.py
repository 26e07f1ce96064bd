"""Makes the struct column that users see of verdicts."""

import numpy as np
import numpy.typing as npt
import polars as pl
from polars._typing import PolarsDataType

from ct_assets.phone import result
from ct_assets.phone.column_verdicts import Verdicts
from ct_assets.phone.rules import Rules

_AS_IS = result.STATUSES.index("valid_as_is")
_INVALID = pl.lit("invalid", pl.Enum(result.STATUSES))


def frame(verdicts: Verdicts, rules: Rules) -> pl.DataFrame:
    """The fields of the result, after libphonenumber and then after the rules."""
    status, *others = result.meanings(verdicts.outcome)
    status[verdicts.as_is] = _AS_IS
    e164, *enums = result.dtype().fields
    named = [
        _named(places, field.name, field.dtype)
        for places, field in zip((status, *others), enums, strict=True)
    ]
    decided = pl.DataFrame([verdicts.e164.alias(e164.name), *named])
    return _refused(decided, rules) if rules.concern(verdicts.e164) else decided


def _refused(decided: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    why = decided.select(rules.refusal(pl.col("e164"), pl.col("type"))).to_series()
    kept = why.is_null()
    return decided.with_columns(
        e164=pl.when(kept).then("e164"),
        status=pl.when(kept).then("status").otherwise(_INVALID),
        reason=pl.coalesce(why, "reason"),
    )


def _named(places: npt.NDArray[np.uint8], name: str, dtype: PolarsDataType) -> pl.Series:
    """Places in the categories of an Enum as values, NOTHING as null."""
    given = pl.Series(name, places)
    categories = given.set(given == result.NOTHING, 0).cat.to(dtype)
    return categories.zip_with(given != result.NOTHING, pl.Series([None], dtype=dtype))
