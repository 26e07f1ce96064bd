"""Flattens the numbering plans into one automaton of arrays, in which columns are looked up."""

import gc
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ct_assets.phone import metadata, result
from ct_assets.phone.compiler.diagrams import Diagrams, leaf, value
from ct_assets.phone.compiler.edits import Edit
from ct_assets.phone.compiler.numbering import MAX_DIGITS, TAG, Family, Numbering
from ct_assets.phone.compiler.patterns import UnsupportedPatternError

READ_ON = np.iinfo(np.uint16).max
"""In `leaves`: the digits read so far do not decide yet."""
_SLOW: Family = (leaf(result.SLOW),) * (MAX_DIGITS + 1)
_NO_CODE: Family = (leaf(result.unparsable("invalid_country_code")),) * (MAX_DIGITS + 1)


class Automaton(NamedTuple):
    """States and what they say.

    A state and a count of digits still to come select a leaf, and a leaf has an outcome and an
    edit. Where the leaf is READ_ON, a further digit leads to the next state. A state that needs
    no further digit leads to itself.
    """

    steps: npt.NDArray[np.uint32]
    """State x digit -> state."""
    leaves: npt.NDArray[np.uint16]
    """State x digits to come -> leaf or READ_ON."""
    outcomes: npt.NDArray[np.uint16]
    """Leaf -> outcome."""
    leaf_edits: npt.NDArray[np.uint16]
    """Leaf -> edit."""
    edits: npt.NDArray[np.uint64]
    """Edit -> value of the constant, its length, start, stop, rest (see `edits.Edit`)."""
    international: npt.NDArray[np.uint32]
    """Calling code (up to 999) -> state after it; 0, the state of no calling code, for others."""
    national: npt.NDArray[np.uint32]
    """Place of a region -> state before the first digit of a number dialled there."""


def compiled() -> Automaton:
    """The automaton of the installed metadata."""
    # Half a million tuples that all stay: looking for garbage among them takes a quarter longer.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _compiled()
    finally:
        if collecting:
            gc.enable()


def _compiled() -> Automaton:
    numbering = Numbering()
    states = _States(numbering.diagrams)
    states.number(_NO_CODE)
    international = np.zeros(1000, np.uint32)
    for code in metadata.calling_codes():
        international[code] = states.number(_or_slow(numbering.international, code))
    national = np.full(len(result.regions()), states.number(_SLOW), np.uint32)
    for place, region in enumerate(result.regions()[:-1]):
        code = metadata.calling_code(region)
        national[place] = states.number(_or_slow(numbering.national, code, region))
    return _flat(states, numbering.edits, international, national)


def _or_slow(family: Callable[..., Family], *arguments: object) -> Family:
    """A family of diagrams, or one that leaves everything to phonenumbers."""
    try:
        return family(*arguments)
    except UnsupportedPatternError:
        return _SLOW


class _States:
    """Families of diagrams, numbered as they are met."""

    def __init__(self, diagrams: Diagrams) -> None:
        self._diagrams = diagrams
        self._numbers: dict[Family, int] = {}
        self.families: list[Family] = []

    def number(self, family: Family) -> int:
        if family not in self._numbers:
            self._numbers[family] = len(self.families)
            self.families.append(family)
        return self._numbers[family]

    def steps(self) -> npt.NDArray[np.uint32]:
        """State x digit -> state, for all states that can be reached."""
        steps: list[list[int]] = []
        while len(steps) < len(self.families):
            family = self.families[len(steps)]
            if max(family) < 0:
                steps.append([len(steps)] * 10)
                continue
            below = zip(*map(self._diagrams.below, family[1:]), strict=True)
            steps.append([self.number(f) for f in below])
        return np.array(steps, np.uint32)


def _flat(
    states: _States,
    edits: list[Edit],
    international: npt.NDArray[np.uint32],
    national: npt.NDArray[np.uint32],
) -> Automaton:
    steps = states.steps()
    diagrams = np.zeros((len(steps), MAX_DIGITS + 1), np.int64)
    for number, family in enumerate(states.families):
        diagrams[number, : len(family)] = family
    # Every leaf's diagram is negative, so the places of the values come first, in some order.
    values, places = np.unique(np.minimum(diagrams, 0), return_inverse=True)
    leaves = np.where(diagrams < 0, places.reshape(diagrams.shape), READ_ON).astype(np.uint16)
    meanings = np.array([value(int(v)) for v in values], np.int64)
    return Automaton(
        steps=steps,
        leaves=leaves,
        outcomes=(meanings & ((1 << TAG) - 1)).astype(np.uint16),
        leaf_edits=(meanings >> TAG).astype(np.uint16),
        edits=np.array([_numbers(edit) for edit in edits], np.uint64),
        international=international,
        national=national,
    )


def _numbers(edit: Edit) -> list[int]:
    return [int(edit.const or 0), len(edit.const), edit.start, edit.stop, edit.rest]
