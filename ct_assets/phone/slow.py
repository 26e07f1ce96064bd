"""phonenumbers over a column, each distinct string once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone import reference, result
from ct_assets.phone.regions import ABSENT, UNKNOWN, Regions


class Verdicts(NamedTuple):
    """The verdict on each row of a column."""

    outcome: npt.NDArray[np.uint16]
    e164: pl.Series
    """Null unless the number is valid."""
    as_is: npt.NDArray[np.bool_]
    """Valid, and the text was in E.164 form already."""
    national_digits: npt.NDArray[np.uint8]
    """Digits after the calling code, where the number could be read and is not valid."""


def judge(phones: pl.Series, regions: Regions) -> Verdicts:
    """What `reference.judge` says of each row."""
    rows = pl.DataFrame({"phone": phones, "region": regions})
    distinct = rows.unique()
    verdicts = pl.DataFrame(
        [_judge(*row) for row in distinct.iter_rows()],
        schema={"outcome": pl.UInt16, "e164": pl.String, "national_digits": pl.UInt8},
        orient="row",
    )
    by_row = rows.join(
        pl.concat([distinct, verdicts], how="horizontal"),
        on=["phone", "region"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return Verdicts(
        by_row["outcome"].to_numpy(),
        by_row["e164"],
        (by_row["e164"] == phones).fill_null(value=False).to_numpy(),
        by_row["national_digits"].to_numpy(),
    )


def _judge(phone: str | None, region: int) -> reference.Verdict:
    if phone is None:
        return reference.Verdict(result.NULL, None, 0)
    code = None if region in {ABSENT, UNKNOWN} else result.regions()[region]
    verdict = reference.judge(phone, code)
    if region == UNKNOWN and verdict.outcome == result.unparsable("no_region"):
        return verdict._replace(outcome=result.unparsable("unknown_region"))
    return verdict
