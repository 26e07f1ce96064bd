"""FailedRows notes the rows that are not valid while the valid ones stream by.

So that those alone are judged anew for their reasons, of which there are few, and not all rows.
"""

import threading

import polars as pl

_BITS = 8


class FailedRows:
    """Rows by their place in the source; takes a bit for each of them."""

    def __init__(self, rows: int) -> None:
        self._bits = bytearray(-(-rows // _BITS))
        self._turn = threading.Lock()

    @property
    def count(self) -> int:
        return int.from_bytes(self._bits, "little").bit_count()

    def noted(self, place: pl.Expr, failed: pl.Expr) -> pl.Expr:
        """`failed`, of whose rows those where it is true are noted as soon as it is computed."""
        pair = pl.struct(place.alias("place"), failed.alias("failed"))
        return pair.map_batches(self._note, return_dtype=pl.Boolean(), is_elementwise=True)

    def at(self, place: pl.Expr) -> pl.Expr:
        """Whether a row is noted."""
        return place.map_batches(self._known, return_dtype=pl.Boolean(), is_elementwise=True)

    def _note(self, rows: pl.Series) -> pl.Series:
        failed = rows.struct.field("failed")
        if failed.any():
            import numpy as np  # here, since most snapshots do without

            places = rows.struct.field("place").filter(failed).to_numpy()
            marks = (1 << (places % _BITS)).astype(np.uint8)
            with self._turn:
                np.bitwise_or.at(np.frombuffer(self._bits, np.uint8), places // _BITS, marks)
        return failed.alias(rows.name)

    def _known(self, places: pl.Series) -> pl.Series:
        import numpy as np

        at = places.to_numpy()
        marks = np.frombuffer(self._bits, np.uint8)[at // _BITS] >> (at % _BITS).astype(np.uint8)
        return pl.Series(places.name, (marks & 1).astype(np.bool_))
