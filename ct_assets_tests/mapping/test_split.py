from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ct_assets.mapping import reason_counts
from ct_assets.system_columns import SYSTEM_COLUMNS
from ct_assets_tests.mapping.declared import customers
from ct_assets_tests.mapping.splitting import events, profiles, run

ID = {"id": ["a"]}

CHINOOK = Path(__file__).parents[2] / "data" / "chinook"


def test_the_customers_of_chinook() -> None:
    rows = pl.read_csv(CHINOOK / "customer.csv", infer_schema=False)
    outcome = run(customers(), rows)

    assert (outcome.valid.height, outcome.rejected.height) == (56, 3)
    assert outcome.rejected["CustomerId"].to_list() == ["9", "57", "58"]
    assert [field for ((field, _),) in outcome.reasons] == ["Phone"] * 3
    assert outcome.valid["Phone"].null_count() == 1
    assert outcome.valid["_record"][0] == (
        '{"type":"profile","identity":"1","profileData":{"Name":"Luís Gonçalves",'
        '"Email":"luisg@embraer.com.br","Phone":"+551239235555",'
        '"Company":"Embraer - Empresa Brasileira de Aeronáutica S.A.","MSG-email":true}}'
    )
    assert outcome.valid["_clear"][:3].to_list() == [None, ["Company"], ["Company"]]
    assert outcome.rejected.columns == [*rows.columns, "reasons"]


def test_the_shape_of_the_valid_snapshot() -> None:
    outcome = profiles(pl.DataFrame({**ID, "n": [1]}), {"visits": "n"})

    reason = pl.Struct({"field": pl.String, "code": pl.String, "message": pl.String})
    assert outcome.valid.schema == {
        "_key": pl.String,
        "_kind": pl.String,
        "_identity": pl.String,
        "_also": pl.List(pl.String),
        "_ts": pl.Int64,
        "_record": pl.String,
        "_clear": pl.List(pl.String),
        "_warnings": pl.List(reason),
        "visits": pl.Int64,
    }
    system = {name: column.dtype for name, column in SYSTEM_COLUMNS.items()}
    assert outcome.valid.schema == {**system, "visits": pl.Int64}
    assert outcome.rejected.schema == {"id": pl.String, "n": pl.Int64, "reasons": pl.List(reason)}


@pytest.mark.parametrize(
    ("filling", "sent"),
    [
        ("First", "Ada"),
        ({"column": "First"}, "Ada"),
        ({"template": "{First|there} {Last|}"}, "Ada"),
        ({"template": "{First} {Last}"}, None),
        ({"template": "{Blank|there}!"}, "there!"),
        ({"template": "{Blank}"}, None),
        ({"template": "{{{n}}} {day}"}, "{7} 2024-01-31"),
        ({"template": "at {at}"}, "at 23:59:59.999"),
        ({"value": "gold"}, "gold"),
        ({"value": 3}, 3),
        ({"value": 0.5}, 0.5),
        ({"value": False}, False),
        ({"value": ["a", "b"]}, ["a", "b"]),
        ({"value": datetime(2024, 1, 31, tzinfo=UTC).date()}, "$D_1706659200"),
        ({"expr": "UPPER(First) || '!'"}, "ADA!"),
        ({"expr": "n * 2"}, 14),
        ({"expr": "CASE WHEN n > 5 THEN 'big' ELSE 'small' END"}, "big"),
        ({"column": "n", "type": "string"}, "7"),
        ({"column": "words", "op": "add"}, {"$add": ["x", "y"]}),
        ({"column": "words", "op": "remove"}, {"$remove": ["x", "y"]}),
        ({"column": "words", "op": "set"}, ["x", "y"]),
        ({"column": "n", "op": "incr"}, {"$incr": 7}),
        ({"column": "sum", "op": "incr"}, {"$incr": 7}),
        ({"column": "half", "op": "decr"}, {"$decr": 0.5}),
    ],
)
def test_every_way_to_fill_a_field(filling: Any, sent: object) -> None:
    rows = pl.DataFrame(
        {
            **ID,
            "First": ["Ada"],
            "Last": pl.Series([None], dtype=pl.String),
            "Blank": ["  "],
            "n": [7],
            "half": [0.5],
            "sum": pl.Series([7], dtype=pl.Decimal(38, 0)),
            "day": [datetime(2024, 1, 31, tzinfo=UTC).date()],
            "words": [["x", "y"]],
            "at": [time(23, 59, 59, 999_000)],
        }
    )
    outcome = profiles(rows, {"field": filling})

    assert outcome.data == [{} if sent is None else {"field": sent}]


@pytest.mark.parametrize(
    ("dtype", "number", "expr", "sent"),
    [
        (pl.Int32, 30_000_000, "n * 100", 3_000_000_000),
        (pl.UInt8, 255, "n + 1", 256),
        (pl.UInt32, 5, "-n", -5),
        (pl.Int8, -128, "ABS(n)", 128),
        (pl.Int64, 2**63 - 1, "n + 1 - 1", 2**63 - 1),
        (pl.Int64, 2**63 - 1, "CAST(n + 1 AS VARCHAR)", "9223372036854775808"),
        (pl.Int16, 7, "n / 2", 3.5),
        (pl.Int16, 7, "n % 4", 3),
        (pl.Int16, 3, "SUBSTR(id || 'bcd', n)", "cd"),
        (pl.List(pl.Int32), [2_000_000_000, 2_000_000_000], "ARRAY_SUM(n)", 4_000_000_000),
    ],
)
def test_integers_in_an_expression_do_not_wrap_around(
    dtype: pl.DataType, number: object, expr: str, sent: object
) -> None:
    rows = pl.DataFrame({**ID, "n": pl.Series([number], dtype=dtype)})
    outcome = profiles(rows, {"field": {"expr": expr}})

    assert outcome.data == [{"field": sent}]


def test_an_integer_that_grows_too_large_in_an_expression_is_rejected_as_it_came() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "n": [2**63 - 1, 1]})
    outcome = profiles(rows, {"same": "n", "more": {"expr": "n + 1"}})

    assert outcome.data == [{"same": 1, "more": 2}]
    assert outcome.reasons == [[("more", "number_out_of_range")]]
    assert_frame_equal(outcome.rejected.drop("reasons"), rows[:1])


def test_a_condition_does_not_wrap_around() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "n": pl.Series([3, -3], dtype=pl.Int32)})
    outcome = profiles(rows, {"n": "n"}, where="n * 1500000000 > 0")

    assert outcome.data == [{"n": 3}]
    assert outcome.counts.cut == 1


def test_other_columns_go_under_their_own_names() -> None:
    rows = pl.DataFrame({**ID, "mail": ["a@b.example"], "plan": ["pro"], "fax": ["1"], "n": [2]})
    outcome = profiles(rows, {"Email": "mail"}, other_columns={"except": ["fax"]})

    assert outcome.data == [{"Email": "a@b.example", "plan": "pro", "n": 2}]


def test_structs_are_flattened_on_demand() -> None:
    rows = pl.DataFrame({**ID, "address": [{"city": "Rome", "geo": {"lat": 41.5}}]})
    outcome = profiles(rows, {"home": {"column": "address", "nested": "flatten"}})

    assert outcome.data == [{"home_city": "Rome", "home_geo_lat": 41.5}]


def test_an_invalid_field_rejects_the_row_or_is_dropped_with_a_warning() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "mail": ["no", "b@b.example"], "x": ["1", "2"]})
    strict = profiles(rows, {"Email": "mail", "x": "x"})
    lenient = profiles(rows, {"Email": {"column": "mail", "on_invalid": "drop"}, "x": "x"})

    assert strict.valid["_key"].to_list() == ["b"]
    assert strict.rejected.select("id", "mail", "x").rows() == [("a", "no", "1")]
    assert lenient.data == [{"x": "1"}, {"Email": "b@b.example", "x": "2"}]
    ((warning,), none) = lenient.valid["_warnings"].to_list()
    assert (warning["field"], none) == ("Email", None)
    assert warning["code"]
    assert warning["message"]


def test_every_reason_of_a_row_is_told() -> None:
    rows = pl.DataFrame({"id": ["nan"], "mail": ["no"], "phone": ["1"]})
    outcome = profiles(rows, {"Email": "mail", "Phone": "phone"})

    assert [[field for field, _ in reasons] for reasons in outcome.reasons] == [
        ["identity", "Email", "Phone"]
    ]


def test_what_is_to_be_cleared_is_what_is_null_not_what_was_dropped() -> None:
    field = {"column": "mail", "on_null": "clear", "on_invalid": "drop"}
    rows = pl.DataFrame({"id": ["a", "b", "c"], "mail": ["no", None, "c@c.example"]})
    outcome = profiles(rows, {"Email": field, "MSG-email": {"value": True}})

    assert outcome.valid["_clear"].to_list() == [None, ["Email"], None]


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("us"), pl.Float64])
def test_a_template_leaves_out_what_has_no_text(kind: Any) -> None:
    strange = float("nan") if kind == pl.Float64 else 2**31 - 1 if kind == pl.Date else 2**63 - 1
    values = pl.Series([strange, 0 if kind != pl.Float64 else 0.5]).cast(kind)
    outcome = profiles(
        pl.DataFrame({"id": ["a", "b"], "v": values}), {"t": {"template": "since {v|never}"}}
    )

    assert outcome.data[0] == {"t": "since never"}
    assert outcome.data[1] != outcome.data[0]


@pytest.mark.parametrize(
    "text",
    ["O'Brien", 'a "quoted" one', "back\\slash", "two\nlines", "\u2028", 'a,}b{"x":null,', "{a}"],
)
def test_text_arrives_unchanged(text: str) -> None:
    outcome = profiles(pl.DataFrame({**ID, "t": [text]}), {"t": "t"})

    assert outcome.data == [{"t": text}]


def test_reasons_are_counted_by_field_and_code() -> None:
    rows = pl.DataFrame({"id": ["nan", None, "nan"], "mail": ["a@b.example", "a@b.example", "no"]})
    outcome = profiles(rows, {"Email": "mail"})

    counted = reason_counts(outcome.rejected.lazy()).collect()
    assert counted.select("field", "rows").rows() == [
        ("identity", 2),
        ("Email", 1),
        ("identity", 1),
    ]


def test_fields_that_are_called_like_parts_of_the_record_are_apart_from_them() -> None:
    rows = pl.DataFrame(
        {
            "id": ["a"],
            "key": ["k"],
            "at": [datetime(2024, 1, 1, tzinfo=UTC)],
            "seen": [datetime(2024, 1, 2, tzinfo=UTC)],
        }
    )
    outcome = events(
        rows,
        {"identity": {"template": "field {id}"}, "ts": "seen", "event_key": {"expr": "UPPER(key)"}},
        identify_by=[{"identity": {"template": "person {id}"}}],
        ts="at",
        event_key={"expr": "key || '!'"},
    )

    (record,) = outcome.records
    assert (record["identity"], record["ts"], outcome.valid["_key"].item()) == (
        "person a", 1704067200, "k!",
    )  # fmt: skip
    assert outcome.data == [
        {"identity": "field a", "ts": "$D_1704153600", "event_key": "K"},
    ]
