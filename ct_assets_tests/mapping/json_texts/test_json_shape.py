from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import DeclarationError, parse
from ct_assets.mapping.json_texts.json_decoder import dtype_of


def declared(shape: object) -> Any:
    field = {"column": "lines", "json": shape}
    return parse(
        {
            "name": "people",
            "object": "profile",
            "source": "src",
            "identify_by": [{"identity": "id"}],
            "fields": {"Lines": field},
        }
    )


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ("integer", pl.Int64()),
        (["string"], pl.List(pl.String())),
        ([{"sku": "string", "price": "float"}],
         pl.List(pl.Struct({"sku": pl.String, "price": pl.Float64}))),
        ({"on": "date", "ok": "boolean"}, pl.Struct({"on": pl.Date, "ok": pl.Boolean})),
        ({"a": {"b": ["integer"]}}, pl.Struct({"a": pl.Struct({"b": pl.List(pl.Int64)})})),
    ],
)  # fmt: skip
def test_a_shape_is_a_type(shape: Any, dtype: pl.DataType) -> None:
    declared(shape)

    assert dtype_of(shape) == dtype


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("int", "'int' is no kind of value; did you mean 'integer'? Known: string, integer,"),
        ([{"sku": "text"}], "'text' is no kind of value. Known: string, integer, float, boolean"),
        ([], "has a list of 0 shapes. Write one, that of all its values."),
        (["string", "integer"], "has a list of 2 shapes. Write one, that of all its values."),
        ({}, "must be true or the shape of the JSON, not a mapping. Write one such as `json: [{s"),
        ({1: "string"}, "has the key 1, which is no text: put it into quotes."),
        (7, "must be true or the shape of the JSON, not 7."),
    ],
)
def test_what_is_no_shape_is_told(shape: object, told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declared(shape)

    assert f"fields.Lines.json: {told}" in str(caught.value)
