"""Reads columns of text as digits, where that is all libphonenumber would read in them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone.automaton.lookup import Digits
from ct_assets.phone.compiler.numbering import MAX_DIGITS

MIN_DIGITS = 3
MAX_BYTES = 250
"""libphonenumber does not read texts of more than 250 characters."""

# What `parse` skips wherever it stands. Not among them: letters, `x ~ # , ; *`, which may label an
# extension or be dialled, and tabs and line ends, which are skipped at the ends of the text only.
_SEPARATORS = dict.fromkeys(
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\uff0d\uff0e\uff0f \xa0\xad\u200b\u2060\u3000"
    "()\uff08\uff09\uff3b\uff3d.[]/",
    "",
)
_FULL_WIDTH = {chr(0xFF10 + digit): str(digit) for digit in range(10)} | {"\uff0b": "+"}
_EXTENSION = r"([0-9]) *(?:(?i:ext(?:n|ension)?)[.:]?|[xX]) ?[0-9]{1,7}$"
_LONG_NUMBER = rf"^\+[0-9]{{{MAX_DIGITS + 1},20}}$"
_MAYBE_A_NUMBER = r"[0-9]|[^\x00-\x7F]"


_NUMBER = pl.col("text").cast(pl.UInt64, strict=False)
# All at once: where few rows are left, each call of polars costs more than their digits.
_READ = (
    _NUMBER.fill_null(0).alias("values"),
    _NUMBER.is_not_null().alias("whole"),
    # Quicker than `starts_with`: only + and digits begin a readable text, and + sorts below ",".
    (pl.col("text") < ",").fill_null(value=False).alias("plus"),
    pl.col("text").str.len_bytes().fill_null(0).alias("size"),
)


class Text(NamedTuple):
    """A column of text, read as digits."""

    digits: Digits
    plus: npt.NDArray[np.bool_]
    readable: npt.NDArray[np.bool_]
    """The text is nothing but 3 to 17 ASCII digits, maybe with a + before them."""


def read(text: pl.Series) -> Text:
    """Read a column of bare digits."""
    values, whole, plus, size = (
        s.to_numpy() for s in text.alias("text").to_frame().select_seq(_READ)
    )
    lengths = size.astype(np.intp) - plus
    readable = whole & (lengths >= MIN_DIGITS) & (lengths <= MAX_DIGITS)
    return Text(Digits(values, lengths), plus, readable)


def long_number(text: pl.Series) -> npt.NDArray[np.bool_]:
    """Where the text is a plus and more digits than are read, but no more than numbers can have."""
    return text.str.contains(_LONG_NUMBER).to_numpy()


def without_separators(text: pl.Series) -> pl.Series:
    """The texts without what `parse` skips; texts too long for it are left as they are."""
    return text.str.replace_many(_SEPARATORS).zip_with(text.str.len_bytes() <= MAX_BYTES, text)


def without_decoration(text: pl.Series) -> pl.Series:
    """The texts without white space around them, plain extensions and full-width digits, too.

    A text keeps what follows its extension, or an extension before which there are other letters:
    what is left then is not readable.
    """
    plain = text.str.strip_chars().str.replace_many(_FULL_WIDTH).str.replace(_EXTENSION, "$1")
    return without_separators(plain).zip_with(text.str.len_bytes() <= MAX_BYTES, text)


def hopeless(text: pl.Series) -> npt.NDArray[np.bool_]:
    """Where the text has no digit of any script, so that `parse` cannot read it."""
    short = text.str.len_bytes() <= MAX_BYTES
    return (short & ~text.str.contains(_MAYBE_A_NUMBER)).to_numpy()
