"""RepeatedValues are found by their hashes, in memory that does not grow with the rows."""

from typing import NamedTuple

import polars as pl

AT_ONCE = 5_000_000
"""Hashes of eight bytes that are held and sorted at once; of more, the rows are read again."""
_HASH = "hash"


class RepeatedValues(NamedTuple):
    """Two values with one hash in 64 bits count as equal."""

    values: int
    """Different ones that occur more than once."""
    rows: int
    """All rows that have one of them."""
    hashes: tuple[int, ...]
    """Of some of them, as `hash` of polars gives them."""


def repeated_values(
    hashes: pl.Expr, rows: pl.LazyFrame, height: int, *, most: int = 0
) -> RepeatedValues:
    """Of a frame of about `height` rows; null hashes stand for no value."""
    found = RepeatedValues(0, 0, ())
    column = rows.select(hashes.alias(_HASH)).drop_nulls()
    parts = max(1, -(-height // AT_ONCE))
    for part in range(parts):
        of_part = column.filter(pl.col(_HASH) % parts == part) if parts > 1 else column
        values, repeated, some = _repeated(of_part, most - len(found.hashes))
        found = RepeatedValues(found.values + values, found.rows + repeated, (*found.hashes, *some))
    return found


def _repeated(column: pl.LazyFrame, most: int) -> RepeatedValues:
    ordered = column.collect(engine="streaming").to_series().sort(in_place=True)
    again = (ordered == ordered.shift(1)).fill_null(value=False)
    second = again & ~again.shift(1, fill_value=False)  # of each value once
    values = int(second.sum())
    return RepeatedValues(
        values, int(again.sum()) + values, tuple(ordered.filter(second).head(max(most, 0)))
    )
