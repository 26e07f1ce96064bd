import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.mapping.kept.row_set import RowSet

ROWS = 40_000  # several blocks of bits


def of(places: list[int], rows: int = ROWS) -> RowSet:
    found = RowSet(rows)
    found.add(np.array(places, np.int64))
    return found


@given(st.sets(st.integers(0, ROWS - 1), max_size=60))
def test_places_and_ranks_are_the_inverse_of_each_other(members: set[int]) -> None:
    places = np.array(sorted(members), np.int64)
    rows = of(list(members))

    assert rows.count == len(members)
    assert rows.ranks(places).tolist() == list(range(len(members)))
    assert rows.places(np.arange(len(members))).tolist() == sorted(members)
    assert np.flatnonzero(rows.has(np.arange(ROWS))).tolist() == sorted(members)


@pytest.mark.parametrize(
    ("place", "rank"), [(0, 0), (1, 1), (8_191, 1), (8_192, 2), (8_193, 3), (39_999, 3)]
)
def test_a_rank_counts_the_members_before_any_place(place: int, rank: int) -> None:
    assert of([0, 8_191, 8_192]).ranks(np.array([place])).tolist() == [rank]


def test_places_are_found_in_any_order() -> None:
    assert of([3, 9_000, 20_000, 39_999]).places(np.array([3, 0, 2])).tolist() == [
        39_999,
        3,
        20_000,
    ]


def test_a_set_of_no_rows_has_none() -> None:
    none = np.array([], np.int64)

    assert RowSet(0).count == 0
    assert RowSet(0).places(none).tolist() == RowSet(0).ranks(none).tolist() == []
