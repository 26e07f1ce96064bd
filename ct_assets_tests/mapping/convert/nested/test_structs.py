import polars as pl
from polars.testing import assert_frame_equal

from ct_assets.mapping.convert import flatten


def test_every_value_of_a_struct_becomes_a_field() -> None:
    rows = pl.DataFrame(
        {"address": [{"city": "Oslo", "geo": {"lat": 59.9}}, {"city": None, "geo": None}, None]}
    )
    flat = flatten(pl.col("address"), rows.schema["address"], "Address")
    assert [(f.field, f.dtype) for f in flat] == [
        ("Address_city", pl.String()),
        ("Address_geo_lat", pl.Float64()),
    ]
    assert_frame_equal(
        rows.select(f.source.alias(f.field) for f in flat),
        pl.DataFrame({"Address_city": ["Oslo", None, None], "Address_geo_lat": [59.9, None, None]}),
    )


def test_what_is_no_struct_stays() -> None:
    (flat,) = flatten(pl.col("a"), pl.Int64(), "A")
    assert (flat.field, flat.dtype) == ("A", pl.Int64())
