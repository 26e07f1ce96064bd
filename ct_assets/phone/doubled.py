"""Finds numbers that are valid in two readings: their calling code may have been written or not."""

import functools

import polars as pl

from ct_assets.phone import metadata
from ct_assets.phone.countries import country_code
from ct_assets.phone.expression import is_e164


def doubled(e164: pl.Expr, text: pl.Expr, region: str | None) -> pl.Expr:
    """The other reading of a number, or null: `+4915112345678` for a bare 4915112345678 of DE.

    libphonenumber takes the digits for a national number, which is valid, too, and puts a second 49
    before them. A text with a plus has one reading. `text` may be null where `e164` is the same;
    `region` is that of all rows, if they have one.
    """
    rewritten = pl.when(text.is_not_null()).then(e164)
    candidate = pl.when(_begins_twice(rewritten, region)).then(text)
    digits = candidate.str.replace_all("[^0-9]", "")
    bare = ~candidate.str.contains("+", literal=True) & e164.str.ends_with(digits)
    whole = pl.when(bare).then(pl.lit("+") + digits)
    return pl.when((whole != e164) & is_e164(whole)).then(whole)


def _begins_twice(e164: pl.Expr, region: str | None) -> pl.Expr:
    """Whether a calling code stands there two times."""
    known = region and country_code(region)
    if known:
        return e164.str.starts_with(f"+{str(metadata.calling_code(known)) * 2}")
    return e164.str.contains(_any_twice())


@functools.cache
def _any_twice() -> str:
    return r"^\+(?:" + "|".join(f"{code}{code}" for code in metadata.calling_codes()) + ")"
