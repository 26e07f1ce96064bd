"""Represents how libphonenumber changes digits: it drops a prefix, or rewrites the start."""

import functools
from typing import NamedTuple

from ct_assets.phone.compiler.patterns import UnsupportedPatternError

_ENOUGH = 64


class Edit(NamedTuple):
    """From digits s to `const + s[start:stop] + s[rest:]`."""

    const: str = ""
    start: int = 0
    stop: int = 0
    rest: int = 0

    def length(self, before: int) -> int:
        """How many digits are left of `before`."""
        return len(self.const) + self.stop - self.start + before - self.rest

    def after(self, first: "Edit") -> "Edit":
        """The edit that does `first` and then this one."""
        return _composed(first, self)

    def symbols(self) -> list[str | int]:
        """The edited digits: digits of the constant, and places in the text before the edit."""
        kept = range(self.start, self.stop)
        return [*self.const, *kept, *range(self.rest, _ENOUGH)]


KEEP = Edit()


def drop(count: int) -> Edit:
    """Leave the first digits out."""
    return Edit(rest=count)


def replace(const: str, spans: list[tuple[int, int]], rest: int) -> Edit:
    """Put a constant and spans of the digits before those from `rest` on."""
    kept = [place for span in spans for place in range(*span)]
    return _recognised([*const, *kept, *range(rest, _ENOUGH)])


@functools.cache
def _composed(first: Edit, second: Edit) -> Edit:
    digits = first.symbols()
    return _recognised([*second.const, *digits[second.start : second.stop], *digits[second.rest :]])


def _recognised(symbols: list[str | int]) -> Edit:
    const = [symbol for symbol in symbols if isinstance(symbol, str)]
    places = [symbol for symbol in symbols if isinstance(symbol, int)]
    gaps = [i for i in range(1, len(places)) if places[i] != places[i - 1] + 1]
    if symbols[: len(const)] != const or len(gaps) > 1:
        raise UnsupportedPatternError(f"a rule that makes {symbols}")
    if not gaps:
        return Edit("".join(const), rest=places[0])
    kept = places[: gaps[0]]
    return Edit("".join(const), kept[0], kept[-1] + 1, places[gaps[0]])
