from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping.kept.row_hash import row_hash

MAP = pl.Map(pl.String(), pl.Float64())


def hashes(rows: pl.DataFrame) -> list[int]:
    hashed = rows.lazy().select(row_hash(rows.schema))
    return hashed.collect(engine="streaming").to_series().to_list()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, None], pl.Int64()),
        ([1, 2, None], pl.Int128()),
        (["a", "b", "", None], pl.String()),
        ([b"a", b"", None], pl.Binary()),
        ([True, False, None], pl.Boolean()),
        ([0.0, -0.0, 1.5, None], pl.Float64()),
        ([0.0, -0.0, 1.5, None], pl.Float32()),
        ([Decimal("1.5"), Decimal("1.6"), None], pl.Decimal(10, 2)),
        ([date(2026, 1, 1), date(2026, 1, 2), None], pl.Date()),
        ([datetime(2026, 1, 1, tzinfo=UTC), None], pl.Datetime("us", "UTC")),
        ([time(1), time(2), None], pl.Time()),
        ([timedelta(1), timedelta(2), None], pl.Duration()),
        (["a", "b", None], pl.Enum(["a", "b"])),
        (["a", "b", None], pl.Categorical()),
        ([[1], [1, 1], [], [None], None], pl.List(pl.Int64())),
        ([[0.0], [-0.0], [None], [], None], pl.List(pl.Float64())),
        ([[0.0, 1.0], [-0.0, 1.0], None], pl.Array(pl.Float64(), 2)),
        ([{"x": 0.0}, {"x": -0.0}, {"x": None}, None], pl.Struct({"x": pl.Float64()})),
        ([{"x": [0.0]}, {"x": [-0.0]}], pl.Struct({"x": pl.List(pl.Float64())})),
        ([[{"x": 0.0}], [{"x": -0.0}], None], pl.List(pl.Struct({"x": pl.Float64()}))),
        ([{"x": 0.0}, {"x": -0.0}, {"y": 0.0}, None], MAP),
    ],
)
def test_each_value_has_a_hash_of_its_own(values: list[Any], dtype: pl.DataType) -> None:
    rows = pl.DataFrame({"value": pl.Series(values, dtype=dtype)})

    assert len(set(hashes(rows))) == len(values)
    assert hashes(rows) == hashes(rows)


def test_nothing_and_not_a_number_are_told_apart() -> None:
    rows = pl.DataFrame({"value": [float("nan"), None, float("inf"), float("-inf")]})

    assert len(set(hashes(rows))) == 4


def test_values_that_change_places_are_another_row() -> None:
    rows = pl.DataFrame({"a": ["x", "y", "x"], "b": ["y", "x", "x"]})

    assert len(set(hashes(rows))) == 3
