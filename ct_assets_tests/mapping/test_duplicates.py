from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

from ct_assets.mapping import SchemaError, parse, rejected_keys
from ct_assets_tests.mapping.splitting import EVENT, PROFILE, events, profiles, run

KEEP_LATEST = {"keep_latest_by": "at"}


def test_all_rows_of_a_duplicate_identity_are_rejected_with_their_count() -> None:
    rows = pl.DataFrame({"id": ["a", "b", "a", "c", "a"], "n": [1, 2, 3, 4, 5]})
    outcome = profiles(rows)

    assert outcome.valid["_key"].to_list() == ["b", "c"]
    assert outcome.rejected["n"].to_list() == [1, 3, 5]
    assert outcome.reasons == [[("identity", "identity_duplicate")]] * 3
    assert outcome.rejected["reasons"][0][0]["message"] == (
        "3 rows have this identity, and nothing tells which of them is right: make it unique in "
        "the source, or name a column in `keep_latest_by` under `duplicates:`"
    )
    assert outcome.keys.sort("_row")["_fate"].to_list() == [
        "duplicate", None, "duplicate", None, "duplicate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "kept"),
    [
        ([1, 3, 2], 1),
        ([None, 1, None], 1),
        ([5, 5, 5], 2),
        ([None, None, None], 2),
        (["9", "10", "2"], 1),
        (["2024-01-31T10:00:00+02:00", "2024-01-31 09:00", "2023-12-31"], 1),
        (["2024-01-02", "2024-01-01T23:59:59.9", ""], 0),
        ([" 2024-01-02 ", "2024-01-01", " "], 0),
        (["2024-01-31 10:00:00 +0200", "2024-01-31 09:00:00 +0000", None], 1),
        (["2024-01-31 10:00:00.5 UTC", "2024-01-31 10:00:00 UTC", None], 0),
        (["2024-09", "2024-10", "2023-12-31"], 1),
        (["20240131T101112Z", "20240131T101113Z", None], 1),
        ([datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 1), None], 1),
        ([0.5, float("-inf"), 0.25], 0),
        ([0.5, float("nan"), 0.25], 0),
    ],
)
def test_the_latest_row_of_an_identity_is_kept(at: list[Any], kept: int) -> None:
    rows = pl.DataFrame({"id": ["a", "a", "a"], "at": at, "n": [0, 1, 2]}, strict=False)
    outcome = profiles(rows, {"n": "n"}, duplicates=KEEP_LATEST)

    assert outcome.data == [{"n": kept}]
    assert outcome.counts.superseded == 2


@pytest.mark.parametrize(
    "at", [["09/02/2024", "10/01/2024"], ["09/02/24", "10/01/24"], ["2024-01-01", "soon"]]
)
def test_text_that_tells_no_order_rejects_the_rows_that_it_should_tell_apart(at: list[str]) -> None:
    rows = pl.DataFrame({"id": ["a", "a", "b", "c", "c"], "at": [*at, at[0], "1", "2"]})
    outcome = profiles(rows, {"at": "at"}, duplicates=KEEP_LATEST)

    assert outcome.data == [{"at": at[0]}, {"at": "2"}]
    assert outcome.counts.superseded == 1
    assert outcome.reasons == [[("identity", "order_unreadable")]] * 2
    assert outcome.rejected["reasons"][0][0]["message"] == (
        "2 rows have this identity, and `at` is no date that tells which of them is the latest: "
        "write it in ISO 8601, such as 2024-01-31T17:30:00, or make it a date or a number in the "
        "source"
    )


# DuckDB's infinity, in units of which it takes fewer years.
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_moments_beyond_the_calendar_are_the_latest(unit: Literal["ms", "us", "ns"]) -> None:
    at = pl.Series([2**63 - 1, -(2**63) + 1, None]).cast(pl.Datetime(unit))
    outcome = profiles(
        pl.DataFrame({"id": ["a", "a", "a"], "at": at, "n": [0, 1, 2]}),
        {"n": "n"},
        duplicates=KEEP_LATEST,
    )

    assert outcome.data == [{"n": 0}]


def test_the_latest_row_counts_even_when_it_is_rejected() -> None:
    rows = pl.DataFrame({"id": ["a", "a"], "at": [1, 2], "mail": ["a@b.example", "@"]})
    outcome = profiles(rows, {"Email": "mail"}, duplicates=KEEP_LATEST)

    assert outcome.valid.height == 0
    assert [field for ((field, _),) in outcome.reasons] == ["Email"]
    assert outcome.counts.superseded == 1


def test_one_value_under_two_kinds_is_no_duplicate() -> None:
    rows = pl.DataFrame({"id": ["a", None], "fb": [None, "a"]})
    outcome = profiles(rows, identify_by=[{"identity": "id"}, {"FBID": "fb"}])

    assert outcome.valid["_kind"].to_list() == ["identity", "FBID"]


def test_rows_cut_by_where_are_no_duplicates() -> None:
    rows = pl.DataFrame({"id": ["a", "a", "b", "c"], "live": [True, False, True, None]})
    outcome = profiles(rows, where="live")

    assert outcome.valid["_key"].to_list() == ["a", "b"]
    assert outcome.counts.cut == 2
    assert outcome.keys["_row"].to_list() == [0, 2]


def test_duplicate_event_keys_are_rejected_whoever_they_are_about() -> None:
    rows = pl.DataFrame({"id": ["a", "b", "b"], "key": [7, 7, 8]})
    outcome = events(rows)

    assert outcome.valid["_key"].to_list() == ["8"]
    assert outcome.reasons == [[("event_key", "event_key_duplicate")]] * 2


def test_events_of_one_person_are_no_duplicates() -> None:
    outcome = events(pl.DataFrame({"id": ["a", "a"], "key": ["1", "2"]}))

    assert outcome.valid["_key"].to_list() == ["1", "2"]


@pytest.mark.parametrize("key", [None, "", "  ", "\u200b", "\ufeff "])
def test_an_event_without_a_key_is_rejected(key: str | None) -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "key": [key, key]}, schema_overrides={"key": pl.String})

    assert events(rows).reasons == [[("event_key", "event_key_missing")]] * 2


def test_events_of_people_whose_profile_was_rejected_are_rejected() -> None:
    people = pl.DataFrame({"id": ["a", "b", "c", None], "mail": ["@", "b@b.example", "@", "@"]})
    customers = {**PROFILE, "name": "customers", "fields": {"Email": "mail"}}
    rejected = run(customers, people).rejected.lazy()

    outcome = run(
        {**EVENT, "require_profile": "customers"},
        pl.DataFrame({"id": ["a", "b", "c", "z"], "key": [1, 2, 3, 4]}),
        rejected_keys(parse(customers), rejected),
    )

    assert outcome.valid["_identity"].to_list() == ["b", "z"]
    assert outcome.reasons == [[("identity", "profile_rejected")]] * 2


def test_whom_an_earlier_declaration_rejected_is_known_whatever_is_mapped_now() -> None:
    before = {**PROFILE, "name": "customers", "fields": {"Email": "mail"}}
    rejected = run(before, pl.DataFrame({"id": ["a"], "mail": ["@"]})).rejected.lazy()
    new = {"fields": {"Tier": "tier"}, "where": "tier > 1", "ts": "at", "other_columns": True}

    keys = rejected_keys(parse({**before, **new}), rejected).collect()

    assert keys["_key"].to_list() == ["a"]


def test_a_person_is_also_known_by_further_identifiers() -> None:
    profiles_rejected = pl.LazyFrame({"_kind": ["identity"], "_key": ["a"], "_also": [["FBID:f"]]})
    outcome = run(
        {**EVENT, "identify_by": [{"FBID": "fb"}], "require_profile": "customers"},
        pl.DataFrame({"fb": ["f", "g"], "key": [1, 2]}),
        profiles_rejected,
    )

    assert outcome.valid["_identity"].to_list() == ["g"]


def test_a_work_directory_may_have_a_quote_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "o'brien"
    folder.mkdir()
    declaration = parse({**PROFILE, "fields": {"n": "n"}})
    from ct_assets.mapping import split

    parts = split(declaration, pl.LazyFrame({"id": ["a", "a"], "n": [1, 2]}), folder)

    assert parts.rejected.collect().height == 2


@pytest.mark.parametrize(
    ("event_key", "keys"),
    [
        ("key", ["1", "3.50", "1e5"]),
        ({"template": "{key}-{line}"}, ["1-a", "3.50-d", "1e5-e"]),
        ({"expr": "key || ''"}, ["1", "2.0", "1.2E+15", "3.50", "1e5"]),
    ],
)
def test_keys_of_events_that_were_kept_as_floats_are_rejected(
    event_key: object, keys: list[str]
) -> None:
    """They would be other events than those of before, when the column was one of integers."""
    rows = pl.DataFrame(
        {"id": ["u"] * 5, "key": ["1", " 2.0 ", "1.2E+15", "3.50", "1e5"], "line": list("abcde")}
    )

    outcome = events(rows, event_key=event_key)

    assert outcome.valid["_key"].to_list() == keys
    assert outcome.reasons == [[("event_key", "event_key_damaged")]] * (5 - len(keys))


WHOLE = (
    "has the column 'n' of type Float64, which writes 7 as 7.0, so that who or what was sent "
    "before would be sent anew. Make it a whole number or text in the source, or write it with "
    "`expr:`."
)


def test_a_template_of_keys_takes_no_floats() -> None:
    rows = pl.DataFrame({"id": ["u"], "key": ["k"], "n": [7.0]})

    with pytest.raises(SchemaError) as caught:
        events(rows, event_key={"template": "{key}-{n}"})
    assert str(caught.value) == f"Sync s: event_key {WHOLE}"

    with pytest.raises(SchemaError) as caught:
        profiles(rows, identify_by=[{"identity": {"template": "cust-{n}"}}])
    assert str(caught.value) == f"Sync s: identity {WHOLE}"


def test_an_identity_of_a_template_is_damaged_by_a_part_that_is() -> None:
    rows = pl.DataFrame({"id": ["7", "8.0", None]})

    outcome = profiles(rows, identify_by=[{"identity": {"template": "cust-{id}"}}])

    assert outcome.valid["_key"].to_list() == ["cust-7"]
    assert outcome.reasons == [
        [("identity", "identity_damaged")],
        [("identity", "identity_missing")],
    ]
