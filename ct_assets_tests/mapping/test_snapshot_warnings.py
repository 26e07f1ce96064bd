from pathlib import Path

import polars as pl
import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.mapping import snapshot_warnings


def valid(path: Path, **columns: list[object]) -> Path:
    rows = len(columns["_key"])
    base = {"_kind": ["identity"] * rows, "_also": [None] * rows, **columns}
    file = path / "valid.parquet"
    pl.DataFrame(base, schema_overrides={"_also": pl.List(pl.String)}).write_parquet(file)
    return file


def test_profiles_that_share_an_address_or_a_number(tmp_path: Path) -> None:
    file = valid(
        tmp_path,
        _key=["a", "b", "c", "d"],
        Email=["x@y.example", "X@y.example", "z@y.example", None],
        Phone=["+390551234567", None, None, "+390551234567"],
    )
    found = snapshot_warnings.merge_hazards(file)

    assert [(h.code, h.field, h.rows) for h in found] == [
        ("merge", "Email", 2),
        ("merge", "Phone", 2),
    ]
    assert found[0].message == (
        "2 profiles share Email with another one (one value): …c93f52 and …cb5332. CleverTap may "
        "unite such profiles, or send a campaign to one of them only. Make the values unique in "
        "the source, or leave the field out."
    )
    assert [hazard.keys for hazard in found] == [[["a", "b"]], [["a", "d"]]]


def test_profiles_that_share_a_further_identifier(tmp_path: Path) -> None:
    file = valid(tmp_path, _key=["a", "b", "c"], _also=[["FBID:1"], ["FBID:1", "GPID:2"], None])

    assert [h.rows for h in snapshot_warnings.merge_hazards(file)] == [2]


def test_nothing_is_shared(tmp_path: Path) -> None:
    file = valid(tmp_path, _key=["a", "b"], Email=[None, None], Name=["x", "x"])

    assert snapshot_warnings.merge_hazards(file) == []


@pytest.mark.parametrize(("count", "told"), [(256, 0), (257, 1)])
def test_custom_properties_in_all(count: int, told: int) -> None:
    fields = ["Name", "Email", *(f"p{n}" for n in range(count))]

    assert len(snapshot_warnings.custom_fields(fields, Limits())) == told


def test_clearing_where_clevertaps_pages_differ() -> None:
    found = snapshot_warnings.disputed_clears(["Name", "Phone", "Gender", "plan"])

    assert [(h.code, h.field) for h in found] == [
        ("clear_disputed", "Phone"),
        ("clear_disputed", "plan"),
    ]


def test_types_as_clevertap_sees_them() -> None:
    rows = pl.LazyFrame(
        {
            "_key": ["a"],
            "text": ["x"],
            "day": ["$D_0"],
            "whole": [1],
            "half": [0.5],
            "flag": [True],
            "words": [["x"]],
            "Items": [[{"sku": "x"}]],
            "nothing": pl.Series([None], dtype=pl.String),
            "_own": [1],
            "_kind": ["identity"],
        }
    )

    assert snapshot_warnings.sent_fields(rows).types == {
        "text": "string",
        "day": "date",
        "whole": "integer",
        "half": "float",
        "flag": "boolean",
        "words": "list",
        "Items": "items",
        "_own": "integer",
    }


@pytest.mark.parametrize(
    "rows", [pl.LazyFrame({"_key": ["a"]}), pl.LazyFrame({"_key": [], "x": []})]
)
def test_nothing_to_see(rows: pl.LazyFrame) -> None:
    assert snapshot_warnings.sent_fields(rows) == ({}, {}, 0, {})


def test_texts_that_stand_for_no_value() -> None:
    rows = pl.LazyFrame(
        {
            "_key": ["NULL", "b", "c", "d"],
            "city": [r"\N", "NULL", r"\N", "Rome"],
            "name": ["Nullmeyer", "none", " nan", None],
            "plan": [None, "nan", "NaN", "None"],
            "n": [1, 2, 3, 4],
            "words": [["NULL"], ["null"], None, None],
        }
    )
    words = snapshot_warnings.sent_fields(rows).null_words

    assert words == {
        "city": {r"\N": 2, "NULL": 1},
        "plan": {"None": 1, "nan": 1, "NaN": 1},
    }
    city, plan = snapshot_warnings.null_words(words)
    assert (city.code, city.field, city.rows) == ("null_word", "city", 3)
    assert city.message == (
        r"city is the text \N or NULL in 3 rows, and is sent as that. If it stands for no value, "
        "name it under `nulls:` of a CSV file's `SourceTable`, or write `expr: NULLIF(...)` for "
        "the field."
    )
    assert plan.message.startswith("plan is the text None or nan or NaN in 3 rows, and")


def test_profiles_of_nothing_but_their_identity() -> None:
    rows = pl.LazyFrame(
        {
            "_key": ["a", "b", "c", "d"],
            "_clear": [None, None, ["x"], None],
            "x": [1, None, None, None],
            "y": ["", None, None, None],
        }
    )

    assert snapshot_warnings.sent_fields(rows).bare == 2
    (hazard,) = snapshot_warnings.bare_profiles(2)
    assert (hazard.code, hazard.field, hazard.rows) == ("profile_bare", "fields", 2)
    assert hazard.message.startswith("2 profiles have nothing but their identity. They are sent:")
    assert snapshot_warnings.bare_profiles(0) == []


def test_a_type_that_changed() -> None:
    (drift,) = snapshot_warnings.type_drift(
        {"n": "integer", "t": "string"}, {"n": "string", "new": "date"}
    )

    assert drift.field == "n"
    assert drift.message == (
        "n was sent as integer and is string now. CleverTap keeps the type it saw first and drops "
        "values of another without a word. Declare `type: integer`, or send it under a new name."
    )


def test_a_field_that_turned_null() -> None:
    rows = pl.LazyFrame({"_key": ["a"] * 100, "x": ["v"] * 4 + [None] * 96, "y": ["v"] * 100})
    shares = snapshot_warnings.sent_fields(rows).nulls

    assert shares == {"x": 0.96, "y": 0.0}
    assert [h.field for h in snapshot_warnings.turned_null({"x": 0.95, "y": 0.0}, shares)] == ["x"]
    assert snapshot_warnings.turned_null({"x": 0.96}, shares) == []
    assert snapshot_warnings.turned_null({}, shares) == []
