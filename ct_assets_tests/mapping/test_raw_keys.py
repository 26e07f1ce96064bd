"""Rows by their key, as the source writes it."""

from datetime import date

import polars as pl
import pytest

from ct_assets.mapping import SchemaError, parse
from ct_assets.mapping.declaration.filling import Filling
from ct_assets.mapping.raw_keys import rows_with_key
from ct_assets_tests.mapping.splitting import PROFILE

ROWS = pl.LazyFrame(
    {
        "shop": ["in", "in", "de"],
        "id": [1, 2, 2],
        "code": [" 7", "8\n", None],
        "day": [date(2026, 1, 1), date(2026, 1, 2), None],
        "tags": [["2"], [], []],
    }
)
SYNC = parse({**PROFILE, "fields": {"Shop": "shop"}})


@pytest.mark.parametrize(
    ("filling", "key", "numbers"),
    [
        ({"column": "id"}, "2", [1, 2]),
        ({"column": "code"}, "7", [0]),
        ({"column": "code"}, "8", [1]),
        ({"column": "day"}, "2026-01-02", [1]),
        ({"column": "tags"}, "2", []),
        ({"template": "{shop}-{id}"}, "de-2", [2]),
        ({"expr": "id * 1000000000000"}, "2000000000000", [1, 2]),
        ({"expr": "upper(shop)"}, "IN", [0, 1]),
        ({"value": "all"}, "all", [0, 1, 2]),
    ],
)
def test_rows_of_one_key(filling: dict[str, object], key: str, numbers: list[int]) -> None:
    rows = rows_with_key(SYNC, ROWS.with_row_index("row"), [Filling(**filling)], key)

    found = rows.collect()

    assert found["row"].to_list() == numbers
    assert found.columns == ["row", *ROWS.collect_schema()]
    assert found["id"].dtype == pl.Int64


def test_a_row_of_any_of_the_keys() -> None:
    fillings = [Filling(column="code"), Filling(column="id")]

    assert rows_with_key(SYNC, ROWS, fillings, "1").collect()["id"].to_list() == [1]
    assert rows_with_key(SYNC, ROWS, fillings, "8").collect()["id"].to_list() == [2]


def test_a_column_that_rows_of_before_lack() -> None:
    with pytest.raises(SchemaError, match=r"has no column 'ids', which the key wants; did you"):
        rows_with_key(SYNC, ROWS, [Filling(column="ids")], "1")
