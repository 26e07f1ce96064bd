"""Turns the automaton's leaves for strings of digits into verdicts and numbers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ct_assets.phone.automaton.lookup import Digits, Leaves, Lookup, UInts
from ct_assets.phone.column_verdicts import Outcomes
from ct_assets.phone.regions import Rows
from ct_assets.phone.result import DIAL_ABROAD


class Decided(NamedTuple):
    """The verdict on each string of digits; outcome SLOW where only phonenumbers can tell."""

    outcome: Outcomes
    unedited: npt.NDArray[np.bool_]
    """Valid, and the number is made of the digits as they are."""
    others: Rows
    """The rows that are not."""
    number: UInts
    """For each of the others: calling code and national number, 0 unless valid."""
    national_digits: npt.NDArray[np.uint8]
    """For each of the others: digits after the calling code, if it could be read and is invalid."""


def international(lookup: Lookup, digits: Digits) -> Decided:
    """Judge digits that begin with a calling code."""
    leaves = lookup.international(digits)
    unedited = lookup.unedited.take(leaves)
    others = np.flatnonzero(~unedited)
    changed = leaves.take(others)
    national = lookup.edited(lookup.without_code(digits.take(others), changed), changed)
    return Decided(
        lookup.outcomes.take(leaves), unedited, others, *_written(lookup, national, changed)
    )


def dialled(lookup: Lookup, digits: Digits, regions: npt.NDArray[np.uint8]) -> Decided:
    """Judge digits as dialled in regions, given by their places."""
    leaves = lookup.national(digits, regions)
    national = lookup.edited(digits, leaves)
    outcome = lookup.outcomes.take(leaves)
    number, national_digits = _written(lookup, national, leaves)
    abroad = np.flatnonzero(outcome == DIAL_ABROAD)
    if len(abroad):
        behind_prefix = national.take(abroad)
        decided = international(lookup, behind_prefix)
        outcome[abroad], number[abroad] = decided.outcome, numbers(decided, behind_prefix)
        national_digits[abroad.take(decided.others)] = decided.national_digits
    rows = len(leaves)
    return Decided(outcome, np.zeros(rows, np.bool_), np.arange(rows), number, national_digits)


def numbers(decided: Decided, digits: Digits) -> UInts:
    """Calling code and national number of every row, 0 unless valid."""
    number = np.where(decided.unedited, digits.values, 0)
    number[decided.others] = decided.number
    return number


def _written(
    lookup: Lookup, national: Digits, leaves: Leaves
) -> tuple[UInts, npt.NDArray[np.uint8]]:
    """The whole number where the national number is valid; its count of digits where it is not."""
    valid, invalid = lookup.valid.take(leaves), lookup.invalid.take(leaves)
    number = np.where(valid, lookup.with_code(national, leaves), 0)
    return number, np.where(invalid, national.lengths, 0).astype(np.uint8)
