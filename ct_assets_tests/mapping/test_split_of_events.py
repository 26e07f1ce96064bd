"""Events: their names, their items, their time, and how many properties they have."""

import polars as pl
import pytest

from ct_assets_tests.mapping.splitting import events, profiles

ID = {"id": ["a"]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (None, "event_name_missing"),
        ("", "event_name_missing"),
        ("App Launched", "event_name_reserved"),
        ("notificationsent", "event_name_reserved"),
        ("wzrk_x", "event_name_reserved"),
        ("50% off", "event_name_characters"),
    ],
)
def test_events_whose_name_cannot_be_used(name: str | None, reason: str) -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "key": [1, 2], "name": [name, "Charged"]})
    outcome = events(rows, event={"column": "name"})

    assert [r["evtName"] for r in outcome.records] == ["Charged"]
    assert outcome.reasons == [[("event", reason)]]


def test_only_charged_events_have_items() -> None:
    rows = pl.DataFrame(
        {
            "id": ["a"] * 4,
            "key": [1, 2, 3, 4],
            "name": ["Charged", "Charged", "Viewed", "Viewed"],
            "lines": [[{"sku": "A1"}], None, None, [{"sku": "A1"}]],
        }
    )
    outcome = events(rows, {"Items": "lines"}, event={"column": "name"})

    assert outcome.data == [{"Items": [{"sku": "A1"}]}, {}, {}]
    assert outcome.reasons == [[("Items", "items_not_charged")]]


def test_the_fields_of_charged_have_their_types() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "key": [1, 2], "total": ["12.50", "12,50"]})
    outcome = events(rows, {"Amount": "total", "Currency": {"value": "EUR"}}, event="Charged")

    assert outcome.data == [{"Amount": 12.5, "Currency": "EUR"}]
    assert outcome.reasons == [[("Amount", "number_unreadable")]]


def test_ts_is_epoch_seconds_and_missing_only_on_demand() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "key": [1, 2], "at": ["2024-07-01 12:00:00", None]})
    strict = events(rows, ts={"column": "at", "timezone": "Europe/Rome"})
    lenient = events(rows, ts={"column": "at", "on_null": "skip"})

    assert strict.valid["_ts"].to_list() == [1719828000]
    assert strict.valid["_record"].to_list() == [
        '{"type":"event","identity":"a","ts":1719828000,"evtName":"Viewed","evtData":{}}'
    ]
    assert strict.reasons == [[("ts", "ts_missing")]]
    assert lenient.valid["_ts"].to_list() == [1719835200, None]
    assert "ts" not in lenient.records[1]


@pytest.mark.parametrize(("count", "valid"), [(100, 1), (101, 0)])
def test_an_event_has_at_most_100_properties(count: int, valid: int) -> None:
    columns = {f"p{n}": [1] for n in range(count)}
    rows = pl.DataFrame({"id": ["a"], "key": [1], **columns})
    outcome = events(rows, {name: name for name in columns})

    assert outcome.valid.height == valid
    assert outcome.reasons == [[("fields", "too_many_event_fields")]] * (1 - valid)


def test_only_properties_with_a_value_count() -> None:
    columns = {f"p{n}": [1 if n else None] for n in range(101)}
    rows = pl.DataFrame({"id": ["a"], "key": [1], **columns})

    assert events(rows, {name: name for name in columns}).valid.height == 1


@pytest.mark.parametrize(("count", "valid"), [(256, 1), (257, 0)])
def test_a_profile_has_at_most_256_custom_properties(count: int, valid: int) -> None:
    columns = {f"p{n}": [1] for n in range(count)}
    rows = pl.DataFrame({**ID, "mail": ["a@b.example"], **columns})
    outcome = profiles(rows, {"Email": "mail", **{name: name for name in columns}})

    assert outcome.valid.height == valid


def test_an_account_with_higher_limits() -> None:
    columns = {f"p{n}": [1] for n in range(150)}
    rows = pl.DataFrame({"id": ["a"], "key": [1], **columns})

    fields = {name: name for name in columns}
    assert events(rows, fields, limits={"event_fields": 256}).valid.height == 1
