"""KeptRows knows the rows of a source that were valid in the last split, and are as they were.

They take their place among the valid rows again, and only the others are judged anew.
"""

import polars as pl

from ct_assets.mapping.duplicates import PLACE
from ct_assets.mapping.kept.earlier_split import EarlierSplit
from ct_assets.mapping.kept.row_hash import row_hash
from ct_assets.mapping.kept.row_pairs import HASH, row_pairs
from ct_assets.mapping.kept.row_set import RowSet

WORTH = 0.2
"""The share of the rows that must be kept, or else all are judged."""


class KeptRows:
    """Rows by their place in the source.

    `valid` are those of before, whose records `before` has; those of them that are `taken` are the
    ones that are `kept`, in the same order.
    """

    def __init__(self, before: pl.LazyFrame, valid: RowSet, taken: RowSet, kept: RowSet) -> None:
        self._before, self._valid, self._taken, self._kept = before, valid, taken, kept

    @property
    def count(self) -> int:
        return self._kept.count

    def at(self, place: pl.Expr) -> pl.Expr:
        """Whether a row of today is kept."""
        return self._kept.at(place)

    def merged(self, judged: pl.LazyFrame) -> pl.LazyFrame:
        """All valid rows of today, in their order: those that are kept, and those `judged`.

        The latter have their `PLACE`, and are in its order.
        """
        moved = pl.col(PLACE).map_batches(self._moved, return_dtype=pl.Int64(), is_elementwise=True)
        kept = self._before.with_row_index(PLACE).with_columns(moved).filter(pl.col(PLACE) >= 0)
        judged = judged.select(pl.col(PLACE).cast(pl.Int64), pl.exclude(PLACE))
        return kept.merge_sorted(judged, key=PLACE).drop(PLACE)

    def numbered(self, judged: pl.LazyFrame) -> pl.LazyFrame:
        """The rows `judged`, with their place among all that are valid in place of `PLACE`."""
        before = pl.col(PLACE).map_batches(
            self._ranks, return_dtype=pl.Int64(), is_elementwise=True
        )
        numbered = judged.with_columns(before).with_row_index("__nth")
        return numbered.with_columns(pl.col(PLACE) + pl.col("__nth")).drop("__nth")

    def _ranks(self, places: pl.Series) -> pl.Series:
        import numpy as np

        return pl.Series(places.name, self._kept.ranks(places.to_numpy().astype(np.int64)))

    def _moved(self, ordinals: pl.Series) -> pl.Series:
        """The places today of valid rows of before, by their number; -1 of those that are gone."""
        import numpy as np

        before = self._valid.places(ordinals.to_numpy().astype(np.int64))
        taken = self._taken.has(before)
        moved = np.full(len(before), -1)
        moved[taken] = self._kept.places(self._taken.ranks(before[taken]))
        return pl.Series(ordinals.name, moved)


def kept_rows(
    earlier: EarlierSplit, schema: pl.Schema, today: pl.LazyFrame, height: int
) -> KeptRows | None:
    """Finds rows of `today`, which have the columns of `schema` and their `PLACE`.

    `height` is the number of all rows of the source. None if too few are found to be of use.
    """
    valid = earlier.valid_places()
    if valid is None:
        return None
    before = earlier.source.with_row_index(PLACE).filter(valid.at(pl.col(PLACE)))
    hashed = pl.col(PLACE).cast(pl.Int64), row_hash(schema).alias(HASH)
    taken, kept = RowSet(valid.rows), RowSet(height)
    for pairs in row_pairs(before.select(hashed), today.select(hashed)):
        taken.add(pairs.before)
        kept.add(pairs.today)
    found = KeptRows(earlier.valid, valid, taken, kept)
    return found if found.count > WORTH * height else None
