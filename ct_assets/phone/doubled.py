"""Finds numbers that are valid in two readings: their calling code may have been written or not."""

import functools

import polars as pl

from ct_assets.phone import metadata
from ct_assets.phone.expression import is_e164


def doubled(e164: pl.Expr, text: pl.Expr) -> pl.Expr:
    """The other reading of a number, or null: `+4915112345678` for a bare 4915112345678 of DE.

    libphonenumber takes the digits for a national number, which is valid, too, and puts a second 49
    before them. A text with a plus has one reading.
    """
    candidate = pl.when(e164.str.contains(_twice())).then(text)
    digits = candidate.str.replace_all("[^0-9]", "")
    whole = pl.when(~candidate.str.contains("+", literal=True) & e164.str.ends_with(digits)).then(
        pl.lit("+") + digits
    )
    return pl.when((whole != e164) & is_e164(whole)).then(whole)


@functools.cache
def _twice() -> str:
    """Begins with a calling code that stands there twice."""
    return r"^\+(?:" + "|".join(f"{code}{code}" for code in metadata.calling_codes()) + ")"
