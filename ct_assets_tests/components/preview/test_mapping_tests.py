from typing import Any

import pytest

from ct_assets.components.preview.mapping_tests import failed_tests, is_checked
from ct_assets.mapping import parse

PEOPLE: dict[str, Any] = {
    "name": "people",
    "object": "profile",
    "source": "shop/people",
    "identify_by": [{"identity": "id"}],
    "where": "age > 17",
    "fields": {
        "Phone": {"column": "phone", "region": {"column": "country"}},
        "Born": {"column": "born", "type": "date"},
        "Age": "age",
        "Score": "score",
        "VIP": "vip",
    },
    "duplicates": {"keep_latest_by": "age"},
}
GIVEN = {
    "id": 1,
    "age": 30,
    "phone": "030 123456",
    "country": "Germany",
    "born": "1996-01-31",
    "score": 1.5,
    "vip": True,
}


def said(*tests: dict[str, Any], **changed: Any) -> list[str]:
    return [str(problem) for problem in failed_tests(parse({**PEOPLE, **changed, "tests": tests}))]


@pytest.mark.parametrize(
    "expected",
    [
        {"identity": "1", "Phone": "+4930123456", "Age": 30, "Score": 1.5, "VIP": True},
        {"Born": "$D_823046400"},
        {"Born": "1996-01-31"},
        {"Born": "1996-01-31T00:00:00Z"},
        {"Born": "1996-01-31T01:00:00+01:00"},
        {"Age": 30.0, "Email": None},
    ],
)
def test_parts_of_a_record_that_hold(expected: dict[str, Any]) -> None:
    assert said({"given": GIVEN, "expect": expected}) == []


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"Age": "30"}, "Age: is 30, and '30' is expected"),
        ({"VIP": 1}, "VIP: is True, and 1 is expected"),
        ({"Score": 1.6}, "Score: is 1.5, and 1.6 is expected"),
        ({"Phone": None}, "Phone: is '+4930123456' in the record, and is expected not to be in it"),
        ({"Fone": "1"}, "Fone: is not in the record; did you mean 'Phone'?"),
        ({"Born": "1996-02-01"}, "Born: is '$D_823046400', and '1996-02-01' is expected"),
    ],
)
def test_parts_of_a_record_that_do_not(expected: dict[str, Any], message: str) -> None:
    assert said({"given": GIVEN, "expect": expected}) == [f"tests[0].expect.{message}"]


def test_what_becomes_of_each_of_many_rows() -> None:
    rows = [
        {"id": 1, "age": 17},
        {"id": 2, "age": 18},
        {"id": 2, "age": 19},
        {"age": 20},
        {"id": 4, "age": 21, "phone": "12", "country": "Germany"},
    ]
    outcomes = [
        "cut",
        "superseded",
        {"identity": "2", "Age": 19},
        {"rejected": {"identity": "identity_missing"}},
        {"rejected": {"Phone": "phone_local_only"}},
    ]

    assert said({"given": rows, "expect": outcomes}) == []
    assert said({"name": "Many", "given": rows, "expect": outcomes[::-1]}) == [
        "tests[0].expect[0]: Many: the row is cut, and rejected (Phone: phone_local_only) is "
        "expected",
        "tests[0].expect[1]: Many: the row is superseded, and rejected (identity: "
        "identity_missing) is expected",
        "tests[0].expect[3]: Many: the row is rejected (identity: identity_missing), and "
        "superseded is expected",
        "tests[0].expect[4]: Many: the row is rejected (Phone: phone_local_only), and cut is "
        "expected",
    ]


def test_other_codes_than_expected() -> None:
    given = {"id": 1, "age": 30, "phone": "12", "country": "Germany"}

    assert said({"given": given, "expect": {"rejected": {"Phone": "phone_too_long"}}}) == [
        "tests[0].expect.rejected: is Phone: phone_local_only, and Phone: phone_too_long is "
        "expected"
    ]
    assert said({"given": given, "expect": {"Age": 30}}) == [
        "tests[0].expect: the row is rejected (Phone: phone_local_only), and valid is expected"
    ]


def test_members_of_a_segment() -> None:
    segment = {
        "name": "jazz",
        "object": "segment",
        "source": "shop/jazz",
        "identify_by": [{"identity": "id"}],
        "segment": {"name": "Jazz buyers", "creator": "shop", "email": "shop@example.org"},
        "tests": [
            {"given": {"id": 1}, "expect": {"identity": "1"}},
            {"given": {"id": None}, "expect": {"rejected": {"identity": "identity_missing"}}},
        ],
    }

    assert list(failed_tests(parse(segment))) == []


def test_types_that_yaml_has_no_word_for() -> None:
    test = {
        "given": {"id": "7", "age": "40", "at": "2026-01-31 10:00"},
        "expect": {"identity": "7"},
    }
    fields = {"At": {"expr": "at + INTERVAL '1 day'", "type": "date"}}
    typed = {**test, "types": {"age": "integer", "at": "datetime"}}
    typed["expect"] = {"At": "2026-02-01T10:00:00Z"}

    assert said(typed, fields=fields) == []


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            {"given": {"id": 1, "agee": 30}, "expect": "cut"},
            "tests[0]: the declaration names no column 'agee'; did you mean 'age'?",
        ),
        (
            {"given": [{"id": 1}, {"id": [1]}], "expect": ["cut", "cut"]},
            "tests[0]: the rows given make no table: write the values of a column in one type, as "
            "in `'1'` and `'x2'`",
        ),
        (
            {"given": {"id": 1, "age": [1]}, "expect": "cut"},
            "tests[0]: Sync people: Age is given a column of type List(Int64); the field takes "
            "whole numbers.",
        ),
    ],
)
def test_rows_that_cannot_be_split(test: dict[str, Any], message: str) -> None:
    assert said(test) == [message]


@pytest.mark.parametrize(
    ("command", "checked"),
    [
        ("dg check defs", True),
        ("dagster definitions validate -m shop", True),
        ("dagster dev", False),
        ("dagster api grpc -m check.defs", False),
    ],
)
def test_where_declarations_are_checked(command: str, checked: bool) -> None:  # noqa: FBT001
    assert is_checked(command.split()) is checked
