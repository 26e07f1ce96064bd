"""Has phonenumbers judge a column, each distinct string once."""

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone import reference, result
from ct_assets.phone.column_verdicts import Verdicts
from ct_assets.phone.regions import ABSENT, UNKNOWN, Places


def judge(phones: pl.Series, regions: Places) -> Verdicts:
    """The verdict of `reference.judge` on each row."""
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


def is_e164(phones: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether each text is a valid number in E.164 form already."""
    return judge(phones, np.full(len(phones), ABSENT, np.uint8)).as_is


def _judge(phone: str | None, region: int) -> reference.Verdict:
    if phone is None:
        return reference.Verdict(result.NULL, None, 0)
    code = None if region in {ABSENT, UNKNOWN} else result.regions()[region]
    verdict = reference.judge(phone, code)
    if region == UNKNOWN and verdict.outcome == result.unparsable("no_region"):
        return verdict._replace(outcome=result.unparsable("unknown_region"))
    return verdict
