"""RowSet holds places of rows, a bit for each row there is, and finds its n-th one."""

import threading
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

_BITS = 8
_BLOCK = 8 * 1024
"""Rows whose bits are counted together."""


class RowSet:
    """A set of places from 0 to `rows`; several threads may add to it.

    All places are counted once `count`, `ranks` or `places` is asked for: none is added later.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._bytes = bytearray(-(-rows // _BLOCK) * (_BLOCK // _BITS))
        self._turn = threading.Lock()
        self._counted: NDArray[np.int64] | None = None

    def add(self, places: "Places") -> None:
        import numpy as np  # here, since most snapshots do without

        marks = (1 << (places % _BITS)).astype(np.uint8)
        with self._turn:
            np.bitwise_or.at(np.frombuffer(self._bytes, np.uint8), places // _BITS, marks)

    def has(self, places: "Places") -> "NDArray[np.bool_]":
        import numpy as np

        bits = np.frombuffer(self._bytes, np.uint8)[places // _BITS]
        return ((bits >> (places % _BITS).astype(np.uint8)) & 1).astype(np.bool_)

    def at(self, place: pl.Expr) -> pl.Expr:
        """Whether a place is in the set, as a column; what is added later counts, too."""
        return place.map_batches(self._at, return_dtype=pl.Boolean(), is_elementwise=True)

    def _at(self, places: pl.Series) -> pl.Series:
        return pl.Series(places.name, self.has(places.to_numpy()))

    @property
    def count(self) -> int:
        return int.from_bytes(self._bytes, "little").bit_count()

    def ranks(self, places: "Places") -> "Places":
        """How many places of the set are less than each of these."""
        import numpy as np

        if not len(places):
            return places
        first = int(places.min()) // _BLOCK
        bits = self._bits(first, int(places.max()) // _BLOCK)
        before = np.cumsum(bits, dtype=np.int64) - bits
        ranks: Places = self._before[first] + before[places - first * _BLOCK]
        return ranks

    def places(self, ranks: "Places") -> "Places":
        """The places that so many others of the set are less than: the inverse of `ranks`."""
        import numpy as np

        if not len(ranks):
            return ranks
        first, last = (
            int(np.searchsorted(self._before, rank, side="right")) - 1
            for rank in (ranks.min(), ranks.max())
        )
        found = np.flatnonzero(self._bits(first, last)) + first * _BLOCK
        places: Places = found[ranks - self._before[first]]
        return places

    def _bits(self, first: int, last: int) -> "NDArray[np.uint8]":
        """Of the blocks from the first to the last."""
        import numpy as np

        size = _BLOCK // _BITS
        part = np.frombuffer(self._bytes, np.uint8)[first * size : (last + 1) * size]
        return np.unpackbits(part, bitorder="little")

    @property
    def _before(self) -> "Places":
        """How many places there are before each block."""
        import numpy as np

        if self._counted is None:
            blocks = np.frombuffer(self._bytes, np.uint8).reshape(-1, _BLOCK // _BITS)
            counts = np.bitwise_count(blocks).sum(axis=1, dtype=np.int64)
            self._counted = np.cumsum(counts) - counts
        return self._counted
