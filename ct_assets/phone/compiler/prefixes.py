"""Names prefixes that libphonenumber takes off: trunk prefixes, carrier codes, dialling abroad."""

import functools
import re
from typing import NamedTuple

from phonenumbers import PhoneMetadata

from ct_assets.phone.compiler.diagrams import NO, YES, Diagrams, leaf
from ct_assets.phone.compiler.diagrams import Rule as DiagramRule
from ct_assets.phone.compiler.edits import KEEP, Edit, drop, replace
from ct_assets.phone.compiler.matcher import Prefix, Slots, Thread
from ct_assets.phone.compiler.patterns import UnsupportedPatternError


class Rule(NamedTuple):
    """A prefix and what replaces it: None, or a template with references to its groups."""

    pattern: str
    template: str | None

    def edit(self, end: int, slots: Slots) -> Edit:
        """The edit that the rule makes once its pattern has matched up to `end`."""
        if self.template is None or (slots and slots[-1] is None):
            return drop(end)
        const, *references = re.split(r"\\(\d)", self.template)
        if any(references[1::2]):
            raise UnsupportedPatternError(f"digits behind a group in {self.template!r}")
        spans = [_span(slots, int(group)) for group in references[::2]]
        return replace(const, spans, end)


def national(data: PhoneMetadata) -> Rule | None:
    """The rule for numbers as they are dialled inside a region."""
    pattern = data.national_prefix_for_parsing
    return Rule(pattern, data.national_prefix_transform_rule or None) if pattern else None


def _span(slots: Slots, group: int) -> tuple[int, int]:
    start, stop = slots[2 * group - 2 : 2 * group]
    return (start or 0, stop or 0)


class Edits:
    """For each edit that a prefix rule can make, the strings in which it makes it."""

    def __init__(self, diagrams: Diagrams, rule: Rule, length: int) -> None:
        self._diagrams = diagrams
        self._rule = rule
        self._length = length
        self._prefix = Prefix(rule.pattern)
        self._edits: list[Edit] = [KEEP]
        self._known: dict[tuple[tuple[Thread, ...], int, Edit], int] = {}
        self._where = self._after(self._prefix.start(), 0, KEEP)

    def selections(self) -> list[tuple[Edit, int]]:
        """Each edit other than KEEP, with YES for the strings in which it is made."""
        return [
            (edit, self._diagrams.apply(_is(place), self._where))
            for place, edit in enumerate(self._edits)
            if edit != KEEP
        ]

    def _after(self, threads: tuple[Thread, ...], place: int, best: Edit) -> int:
        key = (threads, place, best)
        if key not in self._known:
            self._known[key] = self._read(*key)
        return self._known[key]

    def _read(self, threads: tuple[Thread, ...], place: int, best: Edit) -> int:
        at_end = place == self._length
        reading, match = self._prefix.settle(threads, place, at_end=at_end)
        if match is not None:
            best = self._rule.edit(place, match)
        if at_end or not reading:
            return self._leaf(best)
        children = (self._prefix.read(reading, digit) for digit in range(10))
        return self._diagrams.node(tuple(self._after(t, place + 1, best) for t in children))

    def _leaf(self, edit: Edit) -> int:
        if edit not in self._edits:
            self._edits.append(edit)
        return leaf(self._edits.index(edit))


@functools.cache
def _is(value: int) -> DiagramRule:
    def rule(diagram: int) -> int | None:
        if diagram >= 0:
            return None
        return YES if diagram == leaf(value) else NO

    return rule
