"""Makes the struct column that users see of verdicts."""

import functools
from collections.abc import Sequence

import polars as pl

from ct_assets.phone import result
from ct_assets.phone.column_verdicts import Verdicts
from ct_assets.phone.rules import Rules

_AS_IS = result.STATUSES.index("valid_as_is")
_INVALID = pl.lit("invalid", pl.Enum(result.STATUSES))


def frame(verdicts: Verdicts, rules: Rules) -> pl.DataFrame:
    """The fields of the result, after libphonenumber and then after the rules."""
    status, *others = result.meanings(verdicts.outcome)
    status[verdicts.as_is] = _AS_IS
    columns = [verdicts.e164, *map(pl.Series, (status, *others))]
    decided = pl.DataFrame(dict(zip(result.dtype().to_schema(), columns, strict=True)))
    decided = decided.select_seq(_named())
    return _refused(decided, rules) if rules.concern(verdicts.e164) else decided


def _refused(decided: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    why = decided.select(rules.refusal(pl.col("e164"), pl.col("type"))).to_series()
    kept = why.is_null()
    return decided.with_columns(
        e164=pl.when(kept).then("e164"),
        status=pl.when(kept).then("status").otherwise(_INVALID),
        reason=pl.coalesce(why, "reason"),
    )


@functools.cache
def _named() -> Sequence[pl.Expr]:
    """Places in the categories of an Enum as values, NOTHING as null."""
    e164, *enums = result.dtype().fields
    given = ((pl.col(field.name), field.dtype) for field in enums)
    named = (pl.when(place != result.NOTHING).then(place).cat.to(dtype) for place, dtype in given)
    return [pl.col(e164.name), *named]
