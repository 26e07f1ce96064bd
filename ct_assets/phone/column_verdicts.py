"""Holds the verdicts on a column while they are being found."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Outcomes = npt.NDArray[np.uint16]


class Verdicts(NamedTuple):
    """The verdict on each row of a column."""

    outcome: Outcomes
    e164: pl.Series
    """Null unless the number is valid."""
    as_is: npt.NDArray[np.bool_]
    """Valid, and the text was in E.164 form already."""
    national_digits: npt.NDArray[np.uint8]
    """Digits after the calling code, where the number could be read and is not valid."""
