"""Refuses valid numbers that break rules of ours or of the receivers.

libphonenumber knows valid numbers of 4 digits in all (Germany, Brazil) and of 19 (Indonesia).
"""

from collections.abc import Collection
from typing import NamedTuple

import polars as pl

from ct_assets.phone import result

MAX_DIGITS = 15
"""ITU-T E.164, clause 6.1: at most 15 digits, the calling code included."""
MIN_DIGITS = 8
"""The fewest digits, calling code included, that CleverTap takes for a phone."""


class UnknownTypeError(ValueError):
    """A number type in `accept` that does not exist."""

    def __init__(self, unknown: Collection[str]) -> None:
        names = ", ".join(result.TYPES)
        super().__init__(f"no such number type: {', '.join(sorted(unknown))}; types are {names}")


class Rules(NamedTuple):
    """Which valid numbers are refused nevertheless; None leaves a rule out."""

    accept: frozenset[str] | None = None
    min_digits: int | None = MIN_DIGITS
    max_digits: int | None = MAX_DIGITS

    def concern(self, e164: pl.Series) -> bool:
        """Whether one of the numbers may be refused; most columns need not be looked at closer."""
        sizes = e164.str.len_bytes()
        shortest, longest = sizes.min(), sizes.max()
        if not (isinstance(shortest, int) and isinstance(longest, int)):
            return False
        return (
            self.accept is not None
            or (self.min_digits is not None and shortest - 1 < self.min_digits)
            or (self.max_digits is not None and longest - 1 > self.max_digits)
        )

    def refusal(self, e164: pl.Expr, type_: pl.Expr) -> pl.Expr:
        """The reason why a valid number is refused, null for others; some rule is in force."""
        reasons = pl.Enum(result.REASONS)
        checks = self._checks(e164, type_).items()
        return pl.coalesce(pl.when(check).then(pl.lit(why, reasons)) for why, check in checks)

    def _checks(self, e164: pl.Expr, type_: pl.Expr) -> dict[str, pl.Expr]:
        """The rules in force, by the reason they give."""
        checks = {}
        if self.accept is not None:
            checks["type_not_accepted"] = type_not_accepted(type_, self.accept)
        if self.min_digits is not None:
            checks["below_min_digits"] = below_min_digits(e164, self.min_digits)
        if self.max_digits is not None:
            checks["above_max_digits"] = above_max_digits(e164, self.max_digits)
        return checks


def rules(accept: Collection[str] | None, min_digits: int | None, max_digits: int | None) -> Rules:
    """Rules with the names of `accept` checked."""
    if isinstance(accept, str):
        accept = [accept]
    if accept is not None and (unknown := set(accept) - set(result.TYPES)):
        raise UnknownTypeError(unknown)
    return Rules(None if accept is None else frozenset(accept), min_digits, max_digits)


def type_not_accepted(type_: pl.Expr, accept: frozenset[str]) -> pl.Expr:
    """Whether the number is of a type outside `accept`."""
    return ~type_.cast(pl.String).is_in(sorted(accept))


def below_min_digits(e164: pl.Expr, least: int) -> pl.Expr:
    """Whether the number has fewer digits than `least`, calling code included."""
    return e164.str.len_bytes() <= least


def above_max_digits(e164: pl.Expr, most: int) -> pl.Expr:
    """Whether the number has more digits than `most`, calling code included."""
    return e164.str.len_bytes() > most + 1
