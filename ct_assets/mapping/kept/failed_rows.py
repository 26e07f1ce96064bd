"""FailedRows notes the rows that are not valid while the valid ones stream by.

So that those alone are judged anew for their reasons, of which there are few, and not all rows.
"""

import polars as pl

from ct_assets.mapping.kept.row_set import RowSet


class FailedRows:
    """Rows by their place in the source."""

    def __init__(self, rows: int) -> None:
        self._places = RowSet(rows)

    @property
    def count(self) -> int:
        return self._places.count

    def noted(self, place: pl.Expr, failed: pl.Expr) -> pl.Expr:
        """`failed`, of whose rows those where it is true are noted as soon as it is computed."""
        pair = pl.struct(place.alias("place"), failed.alias("failed"))
        return pair.map_batches(self._note, return_dtype=pl.Boolean(), is_elementwise=True)

    def at(self, place: pl.Expr) -> pl.Expr:
        """Whether a row is noted."""
        return self._places.at(place)

    def _note(self, rows: pl.Series) -> pl.Series:
        failed = rows.struct.field("failed")
        if failed.any():
            self._places.add(rows.struct.field("place").filter(failed).to_numpy())
        return failed.alias(rows.name)
