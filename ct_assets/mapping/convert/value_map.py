"""Translates the values of a column by the `map` of a field, before they are converted."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from ct_assets.mapping.convert.conversion import Steps, Target, mismatch
from ct_assets.mapping.convert.dtypes import is_text, is_whole, trimmed

Entry = str | bool | int | float | None


class Translation(NamedTuple):
    entries: dict[str, Entry]
    """The value to send by the text of the source's value."""
    substitute: Entry = None
    """Sent for all other values; None: those are told apart."""


class Translated(NamedTuple):
    source: pl.Expr
    dtype: pl.DataType
    absent: pl.Expr
    """Whether the map has no entry for the value of a row; never null."""
    steps: tuple[tuple[str, pl.Expr], ...]


def translated(source: pl.Expr, dtype: pl.DataType, by: Translation, target: Target) -> Translated:
    """Text is compared without the blanks around it, and by case; a null stays null.

    Raises:
        TypeMismatchError: The column's type has no values that a map could name.
    """
    steps = Steps(f"{target.slot or target.field}:map")
    key = steps.keep("key", _key(source, dtype, target))
    given = _given(by.entries, dtype, target)
    values = pl.Series(list(by.entries.values()), strict=False)
    found = steps.keep("found", key.is_in(given))
    value = key.replace_strict(given, values, default=None, return_dtype=values.dtype)
    if by.substitute is not None:
        value = pl.when(found).then(value).when(key.is_not_null()).then(pl.lit(by.substitute))
    value = steps.keep("value", value)
    absent = key.is_not_null() & ~found.fill_null(value=False)
    if by.substitute is not None:
        absent = pl.lit(value=False)
    return Translated(value, values.dtype, absent, tuple(steps.listed))


def _key(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    if is_text(dtype):
        return trimmed(source, dtype)
    if isinstance(dtype, pl.Boolean) or is_whole(dtype):
        return source.cast(pl.String)
    if dtype.is_numeric():
        return source.cast(pl.Float64)
    raise mismatch(
        target, dtype, "`map` translates text, numbers and booleans. Make it text with `expr:`."
    )


def _given(entries: dict[str, Entry], dtype: pl.DataType, target: Target) -> Sequence[object]:
    if is_text(dtype) or isinstance(dtype, pl.Boolean) or is_whole(dtype):
        return list(entries)
    try:
        return [float(given) for given in entries]
    except ValueError:
        raise mismatch(target, dtype, "`map` names values that are no numbers.") from None
