r"""Represents the regular expressions of libphonenumber's metadata as small programs over digits.

The metadata use digits, `\d`, `[...]`, `(...)`, `(?:...)`, `|`, `?`, `{m}`, `{m,n}` and `$` only.
A program is a list of instructions, as of a backtracking matcher: where it can go two ways, the
way it would try first comes first.
"""

from typing import Final, NamedTuple

ALL_DIGITS: Final = (1 << 10) - 1


class UnsupportedPatternError(ValueError):
    """A pattern outside the subset; numbers that need it are left to phonenumbers."""


class ReadDigit(NamedTuple):
    """Read one digit of the set `digits` (a bit per digit)."""

    digits: int


class Fork(NamedTuple):
    """Go on at `first`, and if that fails at `second`."""

    first: int
    second: int


class Jump(NamedTuple):
    """Go on at `to`."""

    to: int


class Save(NamedTuple):
    """Remember this place: group n starts in slot 2n - 2 and ends in slot 2n - 1."""

    slot: int


class AtEnd(NamedTuple):
    """Go on only at the end of the text."""


class Accept(NamedTuple):
    """The pattern has matched."""


Instruction = ReadDigit | Fork | Jump | Save | AtEnd | Accept
Program = tuple[Instruction, ...]


def program(pattern: str) -> Program:
    """Compile a pattern."""
    compiler = _Compiler(pattern)
    compiler.alternatives()
    if compiler.rest:
        raise UnsupportedPatternError(f"{compiler.rest!r} in {pattern!r}")
    return (*compiler.code, Accept())


class _Compiler:
    def __init__(self, pattern: str) -> None:
        self.rest = pattern
        self.code: list[Instruction] = []
        self.groups = 0

    def alternatives(self) -> None:
        start = len(self.code)
        branches = [self._branch(start)]
        while self._take("|"):
            branches.append(self._branch(start))
        end = start + sum(len(branch) + 2 for branch in branches) - 2
        for branch in branches[:-1]:
            here = len(self.code)
            self.code.append(Fork(here + 1, here + len(branch) + 2))
            self._paste(branch, start)
            self.code.append(Jump(end))
        self._paste(branches[-1], start)

    def _branch(self, start: int) -> list[Instruction]:
        self._sequence()
        return self._cut(start)

    def _sequence(self) -> None:
        while self.rest and self.rest[0] not in "|)":
            start = len(self.code)
            self._item()
            self._repeat(start)

    def _item(self) -> None:
        if self._take("(?:"):
            self.alternatives()
            self._expect(")")
        elif self._take("("):
            self._group()
        elif self._take("$"):
            self.code.append(AtEnd())
        else:
            self.code.append(ReadDigit(self._digits()))

    def _group(self) -> None:
        self.groups += 1
        slot = 2 * self.groups - 2
        self.code.append(Save(slot))
        self.alternatives()
        self._expect(")")
        self.code.append(Save(slot + 1))

    def _digits(self) -> int:
        if self._take("\\d"):
            return ALL_DIGITS
        if not self._take("["):
            return 1 << self._digit()
        digits = 0
        while not self._take("]"):
            if self._take("\\d"):
                digits = ALL_DIGITS
                continue
            low = self._digit()
            high = self._digit() if self._take("-") else low
            digits |= sum(1 << digit for digit in range(low, high + 1))
        return digits

    def _repeat(self, start: int) -> None:
        least, most = self._counts()
        if (least, most) == (1, 1):
            return
        item = self._cut(start)
        for _ in range(least):
            self._paste(item, start)
        end = len(self.code) + (most - least) * (len(item) + 1)
        for _ in range(most - least):
            self.code.append(Fork(len(self.code) + 1, end))
            self._paste(item, start)

    def _counts(self) -> tuple[int, int]:
        if self._take("?"):
            return 0, 1
        if not self._take("{"):
            return 1, 1
        counts, _, self.rest = self.rest.partition("}")
        least, _, most = counts.partition(",")
        if not (least.isdigit() and (most or least).isdigit()):
            raise UnsupportedPatternError(f"{{{counts}}}")
        return int(least), int(most or least)

    def _cut(self, start: int) -> list[Instruction]:
        tail = self.code[start:]
        del self.code[start:]
        return tail

    def _paste(self, code: list[Instruction], written_at: int) -> None:
        offset = len(self.code) - written_at
        self.code.extend(_moved(instruction, offset) for instruction in code)

    def _take(self, token: str) -> bool:
        taken = self.rest.startswith(token)
        if taken:
            self.rest = self.rest[len(token) :]
        return taken

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise UnsupportedPatternError(f"{token!r} expected before {self.rest!r}")

    def _digit(self) -> int:
        digit, self.rest = self.rest[:1], self.rest[1:]
        if digit not in set("0123456789"):
            raise UnsupportedPatternError(f"{digit!r} is no digit")
        return int(digit)


def _moved(instruction: Instruction, offset: int) -> Instruction:
    match instruction:
        case Fork(first, second):
            return Fork(first + offset, second + offset)
        case Jump(to):
            return Jump(to + offset)
        case _:
            return instruction
