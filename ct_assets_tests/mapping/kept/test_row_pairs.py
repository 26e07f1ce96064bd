from collections.abc import Sequence

import polars as pl
import pytest

from ct_assets.mapping.duplicates import PLACE
from ct_assets.mapping.kept import row_pairs as pairs_module
from ct_assets.mapping.kept.row_pairs import HASH, row_pairs


def frame(rows: Sequence[int]) -> pl.LazyFrame:
    columns = {PLACE: pl.Series(range(len(rows)), dtype=pl.Int64), HASH: rows}
    return pl.LazyFrame(columns, schema_overrides={HASH: pl.UInt64})


def found(before: Sequence[int], today: Sequence[int]) -> list[tuple[int, int]]:
    """Places before and today of each pair; the rows are numbers, equal if they are the same."""
    pairs = row_pairs(frame(before), frame(today))
    return [pair for part in pairs for pair in zip(part.before, part.today, strict=True)]


@pytest.mark.parametrize(
    ("before", "today", "pairs"),
    [
        ([], [], []),
        ([1, 2], [], []),
        ([], [1, 2], []),
        ([1, 2, 3], [1, 2, 3], [(0, 0), (1, 1), (2, 2)]),
        ([1, 2, 3], [1, 9, 3], [(0, 0), (2, 2)]),
        ([1, 2, 3], [9, 1, 2, 3], [(0, 1), (1, 2), (2, 3)]),
        ([1, 2, 3], [2, 3], [(1, 0), (2, 1)]),
        ([1, 2, 3], [1, 2, 3, 4], [(0, 0), (1, 1), (2, 2)]),
        ([1, 2, 3], [7, 8, 9], []),
        ([1, 2], [2, 1], [(1, 0)]),  # one of the two has moved
        ([1, 1, 2], [1, 2], [(0, 0), (2, 1)]),
    ],
)
def test_pairs(before: list[int], today: list[int], pairs: list[tuple[int, int]]) -> None:
    assert found(before, today) == pairs


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rows in (("WINDOW", 10), ("_NEAR", 20), ("_FAR", 100)):
        monkeypatch.setattr(pairs_module, name, rows)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("today", "kept"),
    [
        ([*range(500, 560), *range(200)], 200),  # many came in front
        (range(70, 200), 130),  # many in front went
        ([*range(100), *range(500, 540), *range(150, 200)], 150),
        ([199, *range(199)], 199),  # the last became the first
        ([*range(1, 200), 0], 199),
        ([n if n % 10 else n + 500 for n in range(200)], 180),
        ([*range(100), *range(500, 800), *range(100, 200)], 100),  # no longer looked for
    ],
)
def test_rows_are_found_again_after_others_came_and_went(today: Sequence[int], kept: int) -> None:
    pairs = found(range(200), today)

    assert len(pairs) == kept
    assert all(today[now] == then for then, now in pairs)
    assert pairs == sorted(pairs)
    assert [now for _, now in pairs] == sorted(now for _, now in pairs)
