"""EarlierSplit is the last split of a sync: its rows of the source, and what became of them."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ct_assets.mapping.duplicates import SUPERSEDED
from ct_assets.mapping.kept.row_set import RowSet

FAILED = "failed.parquet"
"""Beside the valid rows of a split: the places in the source of those that are rejected."""
_ROWS = 200_000
"""Read at once."""


@dataclass(frozen=True)
class EarlierSplit:
    """All files are as the split wrote them."""

    source: pl.LazyFrame
    """Those rows of the source that it was made of, in their order."""
    valid: pl.LazyFrame
    keys: Path
    failed: Path

    def valid_places(self) -> RowSet | None:
        """The places of its valid rows in the source; None if they do not add up."""
        rows, valid = (_height(frame) for frame in (self.source, self.valid))
        passed = pl.scan_parquet(self.keys, glob=False).filter(
            pl.col("_fate").ne_missing(SUPERSEDED)
        )
        failed = pl.scan_parquet(self.failed, glob=False)
        judged, found = RowSet(rows), RowSet(rows)
        for batch in failed.collect_batches(chunk_size=_ROWS):
            judged.add(batch["_row"].to_numpy())
        for batch in passed.select("_row").collect_batches(chunk_size=_ROWS):
            places = batch["_row"].to_numpy()
            found.add(places[~judged.has(places)])
        return found if found.count == valid else None


def _height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())
