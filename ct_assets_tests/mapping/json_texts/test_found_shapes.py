import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ct_assets.mapping import parse
from ct_assets.mapping.json_texts import found_shapes as module
from ct_assets.mapping.json_texts.found_shapes import found_shapes
from ct_assets_tests.mapping.splitting import events

SYNC: dict[str, Any] = {
    "name": "people",
    "object": "profile",
    "source": "src",
    "identify_by": [{"identity": "id"}],
    "fields": {"V": {"column": "t", "json": True}},
}


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (['{"a": 1}', '{"a": 2.5, "b": "x"}'], pl.Struct({"a": pl.Float64, "b": pl.String})),
        (['[{"sku": 1}]', '[{"sku": "x"}]'], pl.List(pl.Struct({"sku": pl.String}))),
        (["[]", '["a"]', "[]"], pl.List(pl.String())),
        (["[]"], pl.List(pl.Null())),
        (['{"a": []}'], pl.Struct({"a": pl.List(pl.Null())})),
        (['{"a": null}'], pl.Struct({"a": pl.String})),
        (["1", "[2]"], pl.List(pl.Int64())),
        (["oops", "", None, "null", "1"], pl.Int64()),
        (["12345678901234567890", "1"], pl.String()),
        (['{"a": 1}', '{"b": 2}', "[1]"], pl.Struct({"a": pl.Int64, "b": pl.Int64})),
        (["oops", None], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("together", [1, 2, 50_000])
def test_a_shape_fits_all_rows_however_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
    texts: list[str | None],
    dtype: pl.DataType | None,
    together: int,
) -> None:
    monkeypatch.setattr(module, "ROWS", together)
    rows = pl.LazyFrame({"id": ["a"] * len(texts), "t": pl.Series(texts, dtype=pl.String)})

    assert found_shapes(parse(SYNC), rows) == ({} if dtype is None else {"V": dtype})


ITEM = st.fixed_dictionaries(
    {"sku": st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5)},
    optional={"qty": st.integers(-(2**62), 2**62), "price": st.floats(-1e6, 1e6).map(float)},
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(ITEM, max_size=3), min_size=1, max_size=4))
def test_items_of_json_are_sent_as_those_of_a_real_list(lines: list[list[dict[str, Any]]]) -> None:
    keys = [str(n) for n in range(len(lines))]
    kind = pl.List(pl.Struct({"sku": pl.String, "qty": pl.Int64, "price": pl.Float64}))
    base = {"id": ["u"] * len(lines), "key": keys}
    real = pl.DataFrame({**base, "lines": pl.Series(lines, dtype=kind)})
    text = pl.DataFrame({**base, "lines": [json.dumps(line) for line in lines]})

    sent = events(text, {"Items": {"column": "lines", "json": True}}, ts=None, event="Charged")

    expected = events(real, {"Items": "lines"}, ts=None, event="Charged")
    assert sent.data == expected.data
    assert sent.reasons == expected.reasons
