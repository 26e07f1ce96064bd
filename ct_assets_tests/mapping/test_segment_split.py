"""Segments, through the split: the lines of the list, and who is not in it."""

from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import parse
from ct_assets_tests.mapping.splitting import SEGMENT, run


def lines(rows: pl.DataFrame, **settings: Any) -> list[str]:
    return run({**SEGMENT, **settings}, rows).valid["_record"].to_list()


def test_the_lines_of_a_list() -> None:
    rows = pl.DataFrame({"id": ["c-1", " 7 ", None], "device": [None, None, "__x9"]})
    both = [{"identity": "id"}, {"objectId": "device"}]

    assert lines(rows, identify_by=both) == ["i,c-1", "i,7", "g,__x9"]


@pytest.mark.parametrize(
    ("identity", "line"),
    [
        ("a,b", 'i,"a,b"'),
        ('say "a"', 'i,"say ""a"""'),
        ("a\nb", 'i,"a\nb"'),
        ("é@example.com", "i,é@example.com"),
    ],
)
def test_identities_with_marks_of_csv(identity: str, line: str) -> None:
    assert lines(pl.DataFrame({"id": [identity]})) == [line]


def test_a_person_is_listed_once_however_often_the_query_has_them() -> None:
    outcome = run(SEGMENT, pl.DataFrame({"id": ["a", "b", "a", "a"]}))

    assert sorted(outcome.valid["_record"]) == ["i,a", "i,b"]
    assert (outcome.counts.superseded, outcome.rejected.height) == (2, 0)


def test_rows_that_name_nobody_are_rejected() -> None:
    rows = pl.DataFrame({"id": ["a", None, "null", "x" * 1025]})
    outcome = run({**SEGMENT, "where": "id is null or id <> 'b'"}, rows)

    assert outcome.reasons == [
        [("identity", "identity_missing")],
        [("identity", "identity_junk")],
        [("identity", "identity_too_long")],
    ]


def test_a_segment_goes_after_its_people() -> None:
    assert parse({**SEGMENT, "require_profile": "people"}).after == ("people",)
    assert parse({**SEGMENT, "require_profile": "people", "after": ["x", "people"]}).after == (
        "x",
        "people",
    )
    assert parse(SEGMENT).after == ()
    assert parse({**SEGMENT, "require_profile": "people"}).rejecting is None
