"""Gives the region of each row: a constant, or a column of ISO codes or English country names."""

import difflib
import functools

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone import result
from ct_assets.phone.countries import country_code, known_names

ABSENT = 255
UNKNOWN = 254

Places = npt.NDArray[np.uint8]
"""Places in `result.regions()`, or ABSENT where null or blank, or UNKNOWN."""
Rows = npt.NDArray[np.intp]


class UnknownRegionError(ValueError):
    """A constant region that is neither an ISO 3166 code nor an English country name."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name, known_names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        super().__init__(
            f"region {name!r} is neither an ISO 3166 code nor the English name of a country{hint}"
        )


class Regions:
    """The regions of the rows of a column, looked up only for the rows that need them."""

    def __init__(self, names: pl.Series | int) -> None:
        self._names = names

    def slice(self, start: int, length: int) -> "Regions":
        """The regions of some consecutive rows."""
        return Regions(
            self._names if isinstance(self._names, int) else self._names.slice(start, length)
        )

    def at(self, rows: Rows) -> Places:
        """The regions of the rows given by number."""
        if isinstance(self._names, int):
            return np.full(len(rows), self._names, np.uint8)
        return _recognised(self._names.gather(rows))


def constant(name: str | None) -> int:
    """The place of one region in `result.regions()`; ABSENT for None."""
    if name is None:
        return ABSENT
    place = _place(name)
    if place == UNKNOWN:
        raise UnknownRegionError(name)
    return place


def _recognised(names: pl.Series) -> Places:
    if names.is_empty():
        return np.zeros(0, np.uint8)
    distinct = names.unique()
    places = pl.Series([_place(name or "") for name in distinct], dtype=pl.UInt8)
    return names.replace_strict(distinct, places, return_dtype=pl.UInt8).to_numpy()


@functools.lru_cache(maxsize=4096)
def _place(name: str) -> int:
    if not name.strip():
        return ABSENT
    code = country_code(name)
    known = result.regions()
    return known.index(code) if code in known else UNKNOWN
