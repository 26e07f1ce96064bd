from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.mapping import repeated_values as module
from ct_assets.mapping.repeated_values import repeated_values

HASHES = pl.when(pl.col("x").is_not_null()).then(pl.col("x").hash())


@given(st.lists(st.none() | st.sampled_from("abcdefgh")), st.sampled_from([1, 3, 100]))
def test_they_are_those_that_a_count_finds(texts: list[str | None], at_once: int) -> None:
    rows = pl.LazyFrame({"x": texts}, {"x": pl.String})
    counts = {text: count for text, count in Counter(texts).items() if text and count > 1}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AT_ONCE", at_once)
        found = repeated_values(HASHES, rows, len(texts), most=8)

    assert (found.values, found.rows) == (len(counts), sum(counts.values()))
    hashes = pl.Series(list(counts), dtype=pl.String).hash()
    assert sorted(found.hashes) == sorted(hashes)


@pytest.mark.parametrize(("most", "told"), [(0, 0), (1, 1), (5, 2)])
def test_some_are_told(most: int, told: int) -> None:
    rows = pl.LazyFrame({"x": ["a", "b", "a", "b", "a"]})

    found = repeated_values(HASHES, rows, 5, most=most)

    assert (found.values, found.rows, len(found.hashes)) == (2, 5, told)
