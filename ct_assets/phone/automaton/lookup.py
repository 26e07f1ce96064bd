"""Asks the automaton about many strings of digits at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ct_assets.phone import metadata, result
from ct_assets.phone.compiler.automaton import READ_ON, Automaton
from ct_assets.phone.result import SLOW

UInts = npt.NDArray[np.uint64]
Places = npt.NDArray[np.uint32]
Leaves = npt.NDArray[np.uint16]
Counts = npt.NDArray[np.intp]

_WIDTH = 19
_POWERS = 10 ** np.arange(_WIDTH + 1, dtype=np.uint64)
_TEN = np.uint64(10)


class Digits(NamedTuple):
    """Strings of 3 to 17 digits: their values and lengths."""

    values: UInts
    lengths: Counts

    def take(self, rows: npt.NDArray[np.intp]) -> "Digits":
        """The strings at some rows."""
        return Digits(self.values.take(rows), self.lengths.take(rows))


class Lookup:
    """An automaton with its first steps taken in advance.

    A *place* is where the leaves of a state begin in the flat array of leaves, so that the digits
    still to come are the only offset. It moves on by one for each digit that a decided state skips.
    """

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        meaning = result.decoder()
        self.valid = meaning.type[automaton.outcomes] != result.NOTHING
        self.invalid = (meaning.region[automaton.outcomes] != result.NOTHING) & ~self.valid
        self.unedited = self.valid & (automaton.leaf_edits == 0)
        """Per leaf: the digits are those of a valid number, as they are."""
        self.unsure = automaton.outcomes == SLOW
        self.outcomes = automaton.outcomes
        self._leaf_edits = automaton.leaf_edits
        self._constants = automaton.edits[:, 0]
        self._spans = automaton.edits[:, 1:].T.astype(np.intp)
        self._width = np.uint32(automaton.leaves.shape[1])
        self._leaves = automaton.leaves.ravel()
        self._steps = automaton.steps.ravel() * self._width
        self._after_plus = {3: self._international(3), 6: self._international(6)}
        self._national = self._walked(automaton.national * self._width, 3)
        self._codes, self._code_digits = _calling_codes()

    def international(self, digits: Digits) -> Leaves:
        """The leaf for digits after a +."""
        left = digits.values * _POWERS.take(_WIDTH - digits.lengths)
        long = digits.lengths >= 6
        if long.all():
            return self._after(6, left, digits.lengths)
        leaves = np.empty(len(left), np.uint16)
        for chosen, read in ((np.flatnonzero(long), 6), (np.flatnonzero(~long), 3)):
            leaves[chosen] = self._after(read, left.take(chosen), digits.lengths.take(chosen))
        return leaves

    def national(self, digits: Digits, regions: npt.NDArray[np.uint8]) -> Leaves:
        """The leaf for digits as dialled in regions, given by their places."""
        left = digits.values * _POWERS.take(_WIDTH - digits.lengths)
        first = _index(left // _POWERS[_WIDTH - 3]) + regions * np.intp(1000)
        return self._read(self._national.take(first), left, digits.lengths, 3)

    def _after(self, read: int, left: UInts, lengths: Counts) -> Leaves:
        first = _index(left // _POWERS[_WIDTH - read])
        return self._read(self._after_plus[read].take(first), left, lengths, read)

    def _read(self, places: Places, left: UInts, lengths: Counts, read: int) -> Leaves:
        """The leaf in the end, after `read` of the left-aligned digits led to `places`."""
        leaves = self._leaves.take(places + (lengths - read))
        rows = np.flatnonzero(leaves == READ_ON)
        places, left, lengths = places.take(rows), left.take(rows), lengths.take(rows)
        while len(rows):
            digit = _index(left // _POWERS[_WIDTH - 1 - read] % _TEN)
            read += 1
            places = self._steps.take(places // self._width * np.intp(10) + digit)
            next_leaves = self._leaves.take(places + (lengths - read))
            leaves[rows] = next_leaves
            still = np.flatnonzero(next_leaves == READ_ON)
            rows, places = rows.take(still), places.take(still)
            left, lengths = left.take(still), lengths.take(still)
        return leaves

    def edited(self, digits: Digits, leaves: Leaves) -> Digits:
        """The digits after the edit of each leaf."""
        edits = self._leaf_edits[leaves]
        const_digits, start, stop, rest = self._spans[:, edits]
        tail = digits.lengths - rest
        values = digits.values % _POWERS[tail]
        lengths = const_digits + stop - start + tail
        more = np.flatnonzero(const_digits + stop)
        if len(more):
            kept = _POWERS[(stop - start)[more]]
            middle = digits.values[more] // _POWERS[(digits.lengths - stop)[more]] % kept
            front = self._constants[edits[more]] * kept + middle
            values[more] += front * _POWERS[tail[more]]
        return Digits(values, lengths)

    def with_code(self, national: Digits, leaves: Leaves) -> UInts:
        """National numbers behind their calling codes."""
        code = self._codes[self.outcomes[leaves] // result.KINDS]
        return code * _POWERS[national.lengths] + national.values

    def without_code(self, digits: Digits, leaves: Leaves) -> Digits:
        """The digits after the calling code."""
        code_digits = self._code_digits[self.outcomes[leaves] // result.KINDS]
        lengths = digits.lengths - code_digits
        return Digits(digits.values % _POWERS[lengths], lengths)

    def _international(self, digits: int) -> Places:
        after = np.zeros(10**digits, np.uint32)
        for code in metadata.calling_codes():
            more = digits - len(str(code))
            start = self._automaton.international[code : code + 1] * self._width
            after[code * 10**more : (code + 1) * 10**more] = self._walked(start, more)
        return after

    def _walked(self, places: Places, digits: int) -> Places:
        for _ in range(digits):
            states = places // self._width
            after = self._automaton.steps[states]
            decided = after[:, :1] == states[:, None]
            places = np.where(decided, places[:, None] + 1, after * self._width).ravel()
        return places.astype(np.uint32)


def _index(values: UInts) -> Counts:
    """Small numbers as signed ones, which numpy takes as they are."""
    return values.view(np.intp)


def _calling_codes() -> tuple[UInts, Counts]:
    """The calling codes of regions and their digits, by place counted from 1 as in outcomes."""
    codes = [metadata.calling_code(region) for region in result.regions()[:-1]]
    # Codes of no region have three digits, and no edit that would need to write them again.
    return np.array([0, *codes, 0], np.uint64), np.array([0, *(len(str(c)) for c in codes), 3])
