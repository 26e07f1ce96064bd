"""What the automaton says about strings of digits, as numbers ready to be written down."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ct_assets.phone.lookup import Counts, Digits, Leaves, Lookup, UInts
from ct_assets.phone.numbering import DIAL_ABROAD


class Decided(NamedTuple):
    """The verdict on each string of digits; outcome SLOW where only phonenumbers can tell."""

    outcome: npt.NDArray[np.uint16]
    number: UInts
    """Calling code and national number, 0 unless valid."""
    unedited: npt.NDArray[np.bool_]
    """Valid, and the number is made of the digits as they are."""
    national_digits: npt.NDArray[np.uint8]
    """Digits after the calling code, where the number could be read and is not valid."""


def international(lookup: Lookup, digits: Digits) -> Decided:
    """Judge digits that begin with a calling code."""
    leaves = lookup.international(digits)
    decided = Decided(
        lookup.outcomes.take(leaves),
        digits.values.copy(),
        lookup.unedited.take(leaves),
        np.zeros(len(leaves), np.uint8),
    )
    others = np.flatnonzero(~decided.unedited)
    if len(others):
        changed = leaves.take(others)
        national = lookup.edited(lookup.without_code(digits.take(others), changed), changed)
        _write(lookup, decided, others, national, changed)
    return decided


def dialled(lookup: Lookup, digits: Digits, regions: npt.NDArray[np.uint8]) -> Decided:
    """Judge digits as dialled in regions, given by their places."""
    leaves = lookup.national(digits, regions)
    rows = len(leaves)
    decided = Decided(
        lookup.outcomes.take(leaves),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.bool_),
        np.zeros(rows, np.uint8),
    )
    national = lookup.edited(digits, leaves)
    _write(lookup, decided, np.arange(rows), national, leaves)
    abroad = np.flatnonzero(decided.outcome == DIAL_ABROAD)
    if len(abroad):
        found = international(lookup, national.take(abroad))
        decided.outcome[abroad], decided.number[abroad] = found.outcome, found.number
        decided.national_digits[abroad] = found.national_digits
    return decided


def _write(
    lookup: Lookup, decided: Decided, rows: Counts, national: Digits, leaves: Leaves
) -> None:
    """Fill in what national numbers are good for: text if valid, a count of digits if not."""
    valid, invalid = lookup.valid.take(leaves), lookup.invalid.take(leaves)
    decided.number[rows] = np.where(valid, lookup.with_code(national, leaves), 0)
    decided.national_digits[rows] = np.where(invalid, national.lengths, 0)
