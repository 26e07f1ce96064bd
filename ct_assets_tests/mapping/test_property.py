"""Whatever the warehouse holds: a message, or every row accounted for and every record sound."""

from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from ct_assets.clevertap.codes import explain
from ct_assets.errors import UserError
from ct_assets_tests.mapping.checker import check
from ct_assets_tests.mapping.splitting import EVENT, PROFILE, run

NASTY = st.sampled_from(
    [
        "", " ", "null", "0", "nan", "-1", "a", "b", "O'Brien", 'x"y', "a\\b", "two\nlines",
        "\u2028", 'a,}b{"x":null,', "\x00\x1f", "😀", "\u200f‏مرحبا", "é" * 256, "é" * 257,
        "$D_5", "+390551234567", "055 123 4567", "a@b.example", "female", "yes", "2024-02-30",
        "2024-01-31T10:00:00Z", "12.50", "1e400", "wzrk_x", "App Launched", "Charged", "CHARGED",
        "app\tlaunched", "\x00", "\ufeff", "1985", "9223372036854775808", "x" * 1025,
        "School", "18",
    ]
)  # fmt: skip
TEXT = NASTY | st.text(max_size=20)
FIELDS: dict[str, Any] = {
    "Email": {"column": "a", "on_invalid": "drop"},
    "Phone": {"column": "b", "region": "IT", "on_invalid": "drop"},
    "Gender": {"column": "a", "on_invalid": "drop"},
    "Name": {"template": "{a|there} {b}"},
    "plain": "a",
    "any": "c",
    "listed": {"column": "c", "type": "list", "on_invalid": "drop"},
    "day": {"column": "c", "type": "date", "on_invalid": "drop"},
    "number": {"column": "c", "type": "float", "on_invalid": "drop"},
    "whole": {"column": "c", "type": "integer", "on_invalid": "drop"},
    "Age": {"column": "c", "on_invalid": "drop"},
    "MSG-sms": {"column": "c", "on_invalid": "drop"},
    "DOB": {"column": "c", "on_invalid": "drop", "timezone": "Europe/Berlin"},
    "category-unsubscribe": {"column": "c", "on_invalid": "drop", "separator": ","},
    "counted": {"column": "c", "op": "incr", "on_invalid": "drop"},
    "added": {"column": "c", "op": "add", "on_invalid": "drop", "separator": ","},
    "flat": {"column": "c", "nested": "flatten", "on_invalid": "drop"},
    "flag": {"column": "c", "type": "boolean", "on_invalid": "drop"},
    "words": {"column": "c", "type": "string", "on_invalid": "drop"},
}
TEXTS = [column("a", pl.String, strategy=TEXT), column("b", pl.String, strategy=TEXT)]
ANYTHING = st.one_of(
    dataframes([*TEXTS, column("c")], max_size=8, allow_null=True),
    dataframes([*TEXTS, column("c", pl.List(pl.String))], max_size=8, allow_null=True),
)


def never_surprised(declaration: dict[str, Any], rows: pl.DataFrame) -> None:
    """Conservation itself is checked by `run`."""
    try:
        outcome = run(declaration, rows)
    except UserError:
        return
    for text in outcome.valid["_record"]:
        check(text)
    for reasons in outcome.rejected["reasons"]:
        assert all(r["field"] and explain(r["code"]) and r["message"] for r in reasons)
        assert len(reasons) > 0
    assert outcome.rejected.drop("reasons").schema == rows.schema


@pytest.mark.parametrize("field", sorted(FIELDS))
@given(rows=ANYTHING)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_column_fills_any_field_or_says_why_not(field: str, rows: pl.DataFrame) -> None:
    by = [{"identity": "a"}, {"FBID": "b"}]
    never_surprised({**PROFILE, "identify_by": by, "fields": {field: FIELDS[field]}}, rows)


@given(rows=ANYTHING)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_events(rows: pl.DataFrame) -> None:
    never_surprised(
        {
            **EVENT,
            "event": {"column": "b"},
            "event_key": "a",
            "identify_by": [{"identity": "b"}],
            "fields": {"p": "a", "q": {"column": "c", "type": "string", "on_invalid": "drop"}},
        },
        rows,
    )


ITEM = pl.Struct(
    {
        "sku": pl.String, "price": pl.Decimal(38, 10), "share": pl.Float32, "on": pl.Date,
        "at": pl.Datetime("ms", "Europe/Berlin"), "gift": pl.Boolean, "left": pl.UInt64,
        "none": pl.Null, "kind": pl.Categorical,
    }
)  # fmt: skip


@given(
    rows=dataframes(
        [column("a", pl.String, strategy=TEXT), column("c", pl.List(ITEM))],
        max_size=6,
        allow_null=True,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_items(rows: pl.DataFrame) -> None:
    for event in ("Charged", {"column": "a"}):
        fields = {"Items": "c", "Amount": {"value": 1.5}}
        never_surprised(
            {
                **EVENT,
                "event": event,
                "event_key": "a",
                "identify_by": [{"identity": "a"}],
                "fields": fields,
            },
            rows,
        )


@given(rows=dataframes([column("a", pl.String, strategy=TEXT), column("c")], max_size=8))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@example(rows=pl.DataFrame({"a": ["x"], "c": [float("nan")]}))
@example(rows=pl.DataFrame({"a": ["x"], "c": [b"\xff"]}))
@example(rows=pl.DataFrame({"a": ["x"], "c": ["y" * 1_000_000]}))
@example(rows=pl.DataFrame({"a": [], "c": []}, schema={"a": pl.String, "c": pl.Null}))
def test_any_type_as_identity_key_time_and_property(rows: pl.DataFrame) -> None:
    for changed in (
        {"identify_by": [{"identity": "c"}]},
        {"event_key": "c"},
        {"ts": "c"},
        {"fields": {"p": "c"}},
        {"duplicates": {"keep_latest_by": "c"}},
        {"event": {"column": "c"}},
    ):
        base = {**EVENT, "identify_by": [{"identity": "a"}], "event_key": "a"}
        never_surprised({**base, **changed}, rows)
