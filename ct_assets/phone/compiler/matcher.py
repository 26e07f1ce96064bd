"""Runs a pattern's program over all strings of digits at once."""

import functools
from collections.abc import Iterator

from ct_assets.phone.compiler.patterns import (
    Accept,
    AtEnd,
    Fork,
    Jump,
    ReadDigit,
    Save,
    UnsupportedPatternError,
    program,
)

Slots = tuple[int | None, ...]
Thread = tuple[int, Slots]


class Language:
    """The strings of digits that match a pattern as a whole, as an automaton made on demand.

    A state is a number; 0 is the state from which nothing can match.
    """

    def __init__(self, pattern: str) -> None:
        self._code = program(pattern)
        self._sets: list[frozenset[int]] = []
        self._numbers: dict[frozenset[int], int] = {}
        self._rows: dict[int, tuple[int, ...]] = {}
        self._entries: dict[int, frozenset[int]] = {}
        self._number(frozenset())
        self.start = self._number(self._enter(0))

    def accepts(self, state: int) -> bool:
        """Whether the digits read so far match."""
        return len(self._code) - 1 in self._sets[state]

    def row(self, state: int) -> tuple[int, ...]:
        """The states after each of the ten digits."""
        if state not in self._rows:
            self._rows[state] = self._step(state)
        return self._rows[state]

    def _step(self, state: int) -> tuple[int, ...]:
        after: list[set[int]] = [set() for _ in range(10)]
        for pc in self._sets[state]:
            instruction = self._code[pc]
            if isinstance(instruction, ReadDigit):
                entered = self._enter(pc + 1)
                for digit in range(10):
                    if instruction.digits >> digit & 1:
                        after[digit] |= entered
        return tuple(self._number(frozenset(pcs)) for pcs in after)

    def _number(self, pcs: frozenset[int]) -> int:
        if pcs not in self._numbers:
            self._numbers[pcs] = len(self._sets)
            self._sets.append(pcs)
        return self._numbers[pcs]

    def _enter(self, pc: int) -> frozenset[int]:
        if pc not in self._entries:
            self._entries[pc] = frozenset(self._reachable(pc))
        return self._entries[pc]

    def _reachable(self, pc: int) -> Iterator[int]:
        stack = [pc]
        while stack:
            pc = stack.pop()
            match self._code[pc]:
                case Fork(first, second):
                    stack += (second, first)
                case Jump(to):
                    stack.append(to)
                case Save():
                    stack.append(pc + 1)
                case AtEnd():
                    raise UnsupportedPatternError("$ in a pattern of whole numbers")
                case _:
                    yield pc


class Prefix:
    """Where a pattern matches at the start of a string: the end and groups a backtracker finds."""

    def __init__(self, pattern: str) -> None:
        self._code = program(pattern)
        slots = [i.slot for i in self._code if isinstance(i, Save)]
        self.groups = (max(slots) + 1) // 2 if slots else 0
        self.looks_at_end = any(isinstance(i, AtEnd) for i in self._code)
        self._none: Slots = (None,) * (2 * self.groups)

    def start(self) -> tuple[Thread, ...]:
        """The threads before any digit, not yet settled by `advance`."""
        return ((0, self._none),)

    def settle(
        self, threads: tuple[Thread, ...], place: int, *, at_end: bool
    ) -> tuple[tuple[Thread, ...], Slots | None]:
        """The threads that want to read on at `place`, and the groups if a match ends here.

        Threads less preferred than the match are dropped, as a backtracker would never try them.
        """
        reading: list[Thread] = []
        seen: set[int] = set()
        stack = list(reversed(threads))
        while stack:
            pc, slots = stack.pop()
            if pc in seen:
                continue
            seen.add(pc)
            instruction = self._code[pc]
            match instruction:
                case ReadDigit():
                    reading.append((pc, slots))
                case Fork(first, second):
                    stack += ((second, slots), (first, slots))
                case Jump(to):
                    stack.append((to, slots))
                case Save(slot):
                    stack.append((pc + 1, (*slots[:slot], place, *slots[slot + 1 :])))
                case AtEnd():
                    if at_end:
                        stack.append((pc + 1, slots))
                case Accept():
                    return tuple(reading), slots
        return tuple(reading), None

    def read(self, threads: tuple[Thread, ...], digit: int) -> tuple[Thread, ...]:
        """The threads that accept a digit, behind it."""
        return tuple((pc + 1, slots) for pc, slots in threads if self._reads(pc) >> digit & 1)

    def _reads(self, pc: int) -> int:
        instruction = self._code[pc]
        return instruction.digits if isinstance(instruction, ReadDigit) else 0


@functools.cache
def language(pattern: str) -> Language:
    """The language of a pattern; many regions share patterns."""
    return Language(pattern)
