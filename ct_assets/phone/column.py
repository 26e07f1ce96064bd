"""A whole column, slice by slice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import polars as pl

from ct_assets.phone import engine, slow, verdicts
from ct_assets.phone.installed import installed
from ct_assets.phone.regions import ABSENT, Regions
from ct_assets.phone.verdicts import Verdicts

SLICE = 1 << 19
"""Rows judged at once: enough to make fixed costs small, few enough to keep memory flat."""
_Part = TypeVar("_Part")


def judge(phones: pl.Series, regions: Regions) -> Verdicts:
    """The verdict on each row."""
    lookup = installed.lookup(len(phones))
    if lookup is None:
        return slow.judge(phones, regions.at(np.arange(len(phones))))

    def judged(start: int) -> Verdicts:
        return engine.judge(lookup, phones.slice(start, SLICE), regions.slice(start, SLICE))

    return verdicts.concat(_each_slice(len(phones), judged))


def is_e164(phones: pl.Series) -> pl.Series:
    """Whether each text is a valid number in E.164 form already."""
    lookup = installed.lookup(len(phones))
    if lookup is None:
        as_is = pl.Series(slow.judge(phones, np.full(len(phones), ABSENT, np.uint8)).as_is)
        return as_is.zip_with(phones.is_not_null(), pl.Series([None], dtype=pl.Boolean))
    parts = _each_slice(
        len(phones), lambda start: engine.is_e164(lookup, phones.slice(start, SLICE))
    )
    return pl.concat(parts)


def _each_slice(rows: int, judged: Callable[[int], _Part]) -> list[_Part]:
    starts = range(0, max(rows, 1), SLICE)
    if len(starts) == 1 or _on_a_thread_of_polars():
        return [judged(start) for start in starts]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return list(pool.map(judged, starts))


def _on_a_thread_of_polars() -> bool:
    """Whether polars called from a thread of its own pool.

    Such a thread must not wait for others that may need the pool; and it has company already.
    """
    return threading.current_thread().name.startswith("Dummy-")
