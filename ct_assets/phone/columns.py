"""From verdicts to the struct column that users see."""

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone import result
from ct_assets.phone.rules import Rules
from ct_assets.phone.verdicts import Verdicts

_AS_IS = result.STATUSES.index("valid_as_is")
_ENUMS = {
    "status": pl.Enum(result.STATUSES),
    "reason": pl.Enum(result.REASONS),
    "type": pl.Enum(result.TYPES),
}


def frame(verdicts: Verdicts, rules: Rules) -> pl.DataFrame:
    """The fields of the result, after libphonenumber and then after the rules."""
    tables = result.decoder()
    status = tables.status.take(verdicts.outcome)
    status[verdicts.as_is] = _AS_IS
    decided = pl.DataFrame(
        {
            "e164": verdicts.e164,
            "status": _enum(status, _ENUMS["status"]),
            "reason": _enum(tables.reason.take(verdicts.outcome), _ENUMS["reason"]),
            "region": _enum(tables.region.take(verdicts.outcome), pl.Enum(result.regions())),
            "type": _enum(tables.type.take(verdicts.outcome), _ENUMS["type"]),
        }
    )
    return _refused(decided, rules)


def _refused(decided: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    refused = decided.select(rules.refused(pl.col("e164"), pl.col("type"))).to_series()
    if not refused.any():
        return decided
    why = rules.reason(pl.col("e164"), pl.col("type"))
    return decided.with_columns(
        e164=pl.when(~refused).then("e164"),
        status=pl.when(refused).then(pl.lit("invalid", _ENUMS["status"])).otherwise("status"),
        reason=pl.when(refused).then(why).otherwise("reason"),
    )


def _enum(places: npt.NDArray[np.uint8], categories: pl.Enum) -> pl.Series:
    """Places in the categories as values, NOTHING as null."""
    last = len(categories.categories) - 1
    named = pl.Series(np.minimum(places, last)).cat.to(categories)
    return named.zip_with(pl.Series(places) != result.NOTHING, pl.Series([None], dtype=categories))
