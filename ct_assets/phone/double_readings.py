"""Finds numbers that are valid in two readings: their calling code may have been written or not."""

import functools
from collections.abc import Collection

import polars as pl

from ct_assets.phone import metadata
from ct_assets.phone.countries import country_code
from ct_assets.phone.expression import e164, is_e164
from ct_assets.phone.rules import MAX_DIGITS, MIN_DIGITS, above_max_digits, below_min_digits


def doubled(
    number: pl.Expr,
    text: pl.Expr,
    region: str | None,
    *,
    accept: Collection[str] | None = None,
    min_digits: int | None = MIN_DIGITS,
    max_digits: int | None = MAX_DIGITS,
) -> pl.Expr:
    """The other reading of a number, or null: `+4915112345678` for a bare 4915112345678 of DE.

    It keeps the same rules that `e164` takes.

    libphonenumber takes the digits for a national number, which is valid, too, and puts a second 49
    before them. A text with a plus has one reading. `text` may be null where `number` is the same;
    `region` is that of all rows, if they have one.
    """
    rewritten = pl.when(text.is_not_null()).then(number)
    candidate = pl.when(_begins_twice(rewritten, region)).then(text)
    digits = candidate.str.replace_all("[^0-9]", "")
    bare = ~candidate.str.contains("+", literal=True) & number.str.ends_with(digits)
    whole = pl.when(bare).then(pl.lit("+") + digits)
    other = pl.when(whole != number).then(whole)
    if accept is not None:
        judged = e164(other, accept=accept, min_digits=min_digits, max_digits=max_digits)
        return pl.when(judged.struct.field("status") == "valid_as_is").then(other)
    valid = is_e164(other)  # at half the cost of the whole verdict
    if min_digits is not None:
        valid &= ~below_min_digits(other, min_digits)
    if max_digits is not None:
        valid &= ~above_max_digits(other, max_digits)
    return pl.when(valid).then(other)


def _begins_twice(number: pl.Expr, region: str | None) -> pl.Expr:
    """Whether a calling code stands there two times."""
    known = region and country_code(region)
    if known:
        return number.str.starts_with(f"+{str(metadata.calling_code(known)) * 2}")
    return number.str.contains(_any_twice())


@functools.cache
def _any_twice() -> str:
    return r"^\+(?:" + "|".join(f"{code}{code}" for code in metadata.calling_codes()) + ")"
