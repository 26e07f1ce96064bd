"""Represents functions of a string of digits of one length as decision diagrams.

A diagram is a number. A negative one, `leaf(value)`, gives its value whatever digits follow; any
other one has ten diagrams for the rest of the string, one per digit read. Equal functions have
equal numbers, so working on diagrams is exact work on sets of strings, without listing them.
"""

from collections.abc import Callable
from itertools import repeat

from ct_assets.phone.compiler.edits import Edit
from ct_assets.phone.compiler.matcher import Language

Rule = Callable[..., int | None]


def leaf(value: int) -> int:
    """The diagram that always gives `value`."""
    return ~value


def value(diagram: int) -> int:
    """The value of a leaf."""
    return ~diagram


NO = leaf(0)
YES = leaf(1)


class Diagrams:
    """A store of diagrams and the operations on them."""

    def __init__(self) -> None:
        self.children: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._results: dict[tuple[object, ...], int] = {}

    def node(self, children: tuple[int, ...]) -> int:
        """The diagram that goes on with one of ten diagrams after the first digit."""
        first = children[0]
        if first < 0 and children.count(first) == 10:
            return first
        number = self._numbers.get(children)
        if number is None:
            number = self._numbers[children] = len(self.children)
            self.children.append(children)
        return number

    def below(self, diagram: int) -> tuple[int, ...]:
        """The diagrams after each digit."""
        return self.children[diagram] if diagram >= 0 else (diagram,) * 10

    def matches(self, language: Language, length: int, hit: int = YES) -> int:
        """`hit` for the strings of a language, NO for others."""
        return self._matches(language, language.start, length, hit)

    def begins(self, language: Language, length: int) -> int:
        """YES for strings that begin with a string of the language."""
        return self._begins(language, language.start, length)

    def apply(self, rule: Rule, *diagrams: int) -> int:
        """Combine diagrams digit by digit until the rule knows the result."""
        known = rule(*diagrams)
        if known is not None:
            return known
        key = (rule, diagrams)
        result = self._results.get(key)
        if result is None:
            below = map(self.below, diagrams)
            result = self.node(tuple(map(self.apply, repeat(rule), *below)))
            self._results[key] = result
        return result

    def edited(self, diagram: int, edit: Edit, retag: Rule | None = None) -> int:
        """The function that edits a string and then asks `diagram`; `retag` changes its leaves."""
        for digit in edit.const:
            diagram = self.below(diagram)[int(digit)]
        between = edit.rest - edit.stop
        kept = self._kept(diagram, edit.stop - edit.start, between, retag)
        return self._ignoring(kept, edit.start)

    def grafted(self, diagram: int, path: str, branch: int) -> int:
        """`branch` for strings that begin with `path`, `diagram` for others."""
        if not path:
            return branch
        digit, below = int(path[0]), list(self.below(diagram))
        below[digit] = self.grafted(below[digit], path[1:], self.below(branch)[digit])
        return self.node(tuple(below))

    def _matches(self, language: Language, state: int, length: int, hit: int) -> int:
        if state == 0:
            return NO
        if length == 0:
            return hit if language.accepts(state) else NO
        key = ("matches", language, state, length, hit)
        if key not in self._results:
            row = language.row(state)
            below = {s: self._matches(language, s, length - 1, hit) for s in set(row)}
            self._results[key] = self.node(tuple(below[s] for s in row))
        return self._results[key]

    def _begins(self, language: Language, state: int, length: int) -> int:
        if state == 0:
            return NO
        if language.accepts(state):
            return YES
        if length == 0:
            return NO
        return self.node(tuple(self._begins(language, s, length - 1) for s in language.row(state)))

    def _kept(self, diagram: int, keep: int, skip: int, retag: Rule | None) -> int:
        if diagram < 0 or keep == 0:
            done = diagram if retag is None else self.apply(retag, diagram)
            return self._ignoring(done, skip)
        below = self.below(diagram)
        return self.node(tuple(self._kept(d, keep - 1, skip, retag) for d in below))

    def _ignoring(self, diagram: int, digits: int) -> int:
        for _ in range(digits if diagram >= 0 else 0):
            diagram = self.node((diagram,) * 10)
        return diagram


def first(one: int, other: int) -> int | None:
    """Rule: the value of `one` unless that is 0, else the value of `other`."""
    if one == NO:
        return other
    return one if one < 0 or other == NO else None


def only(diagram: int, where: int) -> int | None:
    """Rule: the value of `diagram` where the other is not 0, else 0."""
    if where == NO or diagram == NO:
        return NO
    return diagram if where < 0 else None


def without(diagram: int, where: int) -> int | None:
    """Rule: the value of `diagram` where the other is 0, else 0."""
    if where == NO or diagram == NO:
        return diagram
    return NO if where < 0 else None


def choose(condition: int, yes: int, no: int) -> int | None:
    """Rule: the value of `yes` where the condition is not 0, else the value of `no`."""
    if condition == NO or yes == no:
        return no
    return yes if condition < 0 else None
