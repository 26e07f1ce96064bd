"""From verdicts to the struct column that users see."""

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone import result
from ct_assets.phone.rules import Rules
from ct_assets.phone.slow import Verdicts

_AS_IS = result.STATUSES.index("valid_as_is")
_ENUMS = {
    "status": pl.Enum(result.STATUSES),
    "reason": pl.Enum(result.REASONS),
    "type": pl.Enum(result.TYPES),
}


def frame(verdicts: Verdicts, rules: Rules) -> pl.DataFrame:
    """The fields of the result, after libphonenumber and then after the rules."""
    tables = result.decoder()
    status = tables.status[verdicts.outcome]
    status[verdicts.as_is] = _AS_IS
    decided = pl.DataFrame(
        {
            "e164": verdicts.e164,
            "status": _enum(status, _ENUMS["status"]),
            "reason": _enum(tables.reason[verdicts.outcome], _ENUMS["reason"]),
            "region": _enum(tables.region[verdicts.outcome], pl.Enum(result.regions())),
            "type": _enum(tables.type[verdicts.outcome], _ENUMS["type"]),
        }
    )
    return _refused(decided, rules)


def _refused(decided: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    refusal = decided.select(rules.refusal(pl.col("e164"), pl.col("type"))).to_series()
    if refusal.null_count() == decided.height:
        return decided
    kept = refusal.is_null()
    return decided.with_columns(
        e164=pl.when(kept).then("e164"),
        status=pl.when(kept).then("status").otherwise(pl.lit("invalid", _ENUMS["status"])),
        reason=pl.coalesce(refusal, "reason"),
    )


def _enum(places: npt.NDArray[np.uint8], categories: pl.Enum) -> pl.Series:
    missing = places == result.NOTHING
    if missing.all():
        return pl.repeat(None, len(places), dtype=categories, eager=True)
    if not missing.any():
        return pl.Series(places).cat.to(categories)
    places[missing] = 0
    absent = pl.Series(missing)
    return pl.select(pl.when(~absent).then(pl.Series(places).cat.to(categories))).to_series()
