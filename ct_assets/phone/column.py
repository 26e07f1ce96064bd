"""Judges a whole column, slice by slice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from ct_assets.phone import engine, slow
from ct_assets.phone.automaton.current_automaton import installed
from ct_assets.phone.column_verdicts import Verdicts
from ct_assets.phone.regions import Regions

SLICE = 1 << 17
"""Rows judged at once: enough to make fixed costs small, few enough to keep memory flat."""


def judge(
    phones: pl.Series, regions: Regions, finish: Callable[[Verdicts], pl.Series]
) -> pl.Series:
    """Judge slice by slice, and concatenate what `finish` makes of the verdicts of each."""
    lookup = installed.lookup(len(phones))

    def judged(rows: range) -> pl.Series:
        texts = phones.slice(rows.start, len(rows))
        if lookup is None:
            return finish(slow.judge(texts, regions.at(np.array(rows))))
        return finish(engine.judge(lookup, texts, regions.slice(rows.start, len(rows))))

    return _by_slices(len(phones), judged)


def is_e164(phones: pl.Series) -> pl.Series:
    """Whether each text is a valid number in E.164 form already; null for null."""
    lookup = installed.lookup(len(phones))

    def judged(rows: range) -> pl.Series:
        texts = phones.slice(rows.start, len(rows))
        is_valid = engine.is_e164(lookup, texts) if lookup else slow.is_e164(texts)
        return pl.Series(is_valid).zip_with(
            texts.is_not_null(), pl.Series([None], dtype=pl.Boolean)
        )

    return _by_slices(len(phones), judged)


def _by_slices(rows: int, judged: Callable[[range], pl.Series]) -> pl.Series:
    slices = [range(start, min(start + SLICE, rows)) for start in range(0, max(rows, 1), SLICE)]
    if len(slices) == 1 or _on_a_thread_of_polars():
        return pl.concat(map(judged, slices))
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return pl.concat(pool.map(judged, slices))


def _on_a_thread_of_polars() -> bool:
    """Whether polars called from a thread of its own pool.

    Such a thread must not wait for others that may need the pool; and it has company already.
    """
    return threading.current_thread().name.startswith("Dummy-")
