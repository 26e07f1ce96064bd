"""RowPairs finds the rows that two sources have in common, in the order of both.

Some windows of rows are in memory at a time. A row that has moved far is not found: it counts as
another one, which costs its verdict anew and nothing else.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from ct_assets.mapping.duplicates import PLACE

if TYPE_CHECKING:
    from ct_assets.mapping.kept.row_set import Places

HASH = "hash"
WINDOW = 100_000
"""Rows that are looked for at once, in their order."""
_NEAR, _FAR = 2 * WINDOW, 10 * WINDOW
"""How many rows of before they are looked for among, and if most are not found there."""
_MISSES = 10
"""Windows in turn, most of whose rows were not found, after which no more are looked for."""
_NEARLY_ALL = 0.95
"""The share of a window that is found side by side, so that the others are not looked for."""
_STRAY = 31
"""Rows around a row, which tell whether it has moved by itself."""


_NO_ROWS = pl.DataFrame(schema={PLACE: pl.Int64(), HASH: pl.UInt64()})


class RowPairs(NamedTuple):
    """Places of rows that are the same, each list of them in its order."""

    before: "Places"
    today: "Places"


def row_pairs(before: pl.LazyFrame, today: pl.LazyFrame) -> Iterator[RowPairs]:
    """Of rows by their `PLACE` and `HASH`; each row is in one pair at most."""
    ahead, misses = _Ahead(_batches(before)), 0
    for window in _batches(today):
        if misses == _MISSES:
            return
        found = _side_by_side(window, ahead.rows(window.height))
        if found.height < _NEARLY_ALL * window.height:
            found = _in_order(_anywhere(window, ahead.rows(_NEAR)))
        if 2 * found.height < window.height:
            found = _in_order(_anywhere(window, ahead.rows(_FAR)))
        if found.height:
            yield RowPairs(found["before"].to_numpy(), found["today"].to_numpy())
            ahead.pass_by(found["before"][-1])
        misses = misses + 1 if 2 * found.height < window.height else 0


def _batches(hashed: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    return iter(hashed.collect_batches(chunk_size=WINDOW))


class _Ahead:
    """The rows of before that come after the last one that was found."""

    def __init__(self, batches: Iterator[pl.DataFrame]) -> None:
        self._batches = batches
        self._rows: list[pl.DataFrame] = []

    def rows(self, least: int) -> pl.DataFrame:
        """So many of them, or some more; fewer where there are no more."""
        while sum(batch.height for batch in self._rows) < least:
            if (batch := next(self._batches, None)) is None:
                break
            self._rows.append(batch)
        return pl.concat(self._rows) if self._rows else _NO_ROWS

    def pass_by(self, place: int) -> None:
        left = (batch.filter(pl.col(PLACE) > place) for batch in self._rows)
        self._rows = [batch for batch in left if batch.height]


def _side_by_side(window: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Pairs of rows that are the n-th ones of both frames: all, where none came or went."""
    rows = min(window.height, before.height)
    today, earlier = window.head(rows), before.head(rows)
    pairs = pl.DataFrame({"today": today[PLACE], "before": earlier[PLACE]})
    return pairs.filter(today[HASH] == earlier[HASH])


def _anywhere(window: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    same = window.join(before, on=HASH, suffix="_before", maintain_order="left")
    return same.select(today=PLACE, before=f"{PLACE}_before")


def _in_order(same: pl.DataFrame) -> pl.DataFrame:
    """Pairs of which both places grow from one to the next; those that lie elsewhere are left out.

    Without those that have moved by themselves, which would stand in the way of all after them.
    """
    moved = pl.col("before") - pl.col("today")
    around = moved.rolling_median(_STRAY, min_samples=1, center=True)
    near = same.filter((moved - around).abs() <= _STRAY)
    grows = pl.col("before") > pl.col("before").cum_max().shift(1, fill_value=-1)
    later = pl.col("today") > pl.col("today").shift(1, fill_value=-1)
    return near.filter(grows).filter(later)
