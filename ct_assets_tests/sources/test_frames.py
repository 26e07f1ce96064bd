from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.frames import lazy_frame

COLUMNS = {"id": ["1", "2"], "n": [1, None]}
ROWS = [("1", 1), ("2", None)]


def rows(frame: object) -> list[tuple[Any, ...]]:
    lazy = lazy_frame(frame)
    assert lazy is not None
    return lazy.collect().rows()


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame(COLUMNS),
        pl.LazyFrame(COLUMNS),
        pa.table(COLUMNS),
        pa.RecordBatch.from_pydict(COLUMNS),
        pa.table(COLUMNS).to_reader(),
        pd.DataFrame(COLUMNS).astype({"n": "Int64"}),
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS).set_index("id"),
        pd.DataFrame(COLUMNS)[["id", "n"]].iloc[[0, 1]],
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_frames_of_every_library(frame: object) -> None:
    assert rows(frame) == ROWS


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, "text", pd.Series([1]).tolist()])
def test_what_is_no_frame(value: object) -> None:
    assert lazy_frame(value) is None


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"secret": ["secret", 1, object()]}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
    ],
)
def test_a_frame_that_is_no_table_is_named_without_its_values(frame: object) -> None:
    with pytest.raises(UserError, match=r"^a (pandas DataFrame|pyarrow Table) cannot") as caught:
        lazy_frame(frame)

    assert "secret" not in str(caught.value)


def test_objects_without_keys_have_no_value() -> None:
    frame = pl.DataFrame({"id": ["1"], "none": [{}]})

    assert rows(frame) == [("1", None)]


def test_python_objects_are_no_values() -> None:
    frame = pl.DataFrame({"id": pl.Series([object()], dtype=pl.Object)})

    with pytest.raises(UserError, match=r"^column 'id' has Python objects; make it text"):
        lazy_frame(frame)
