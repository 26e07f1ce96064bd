"""Refusals are told by the number of a record, or by the record that they echo."""

import random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.clevertap.verdicts import (
    Acked,
    Refusal,
    Unknown,
    read,
)
from ct_assets_tests.clevertap.replies import EMAIL, echo, envelope, refused, sent

RESTRICTED = (
    "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. "
    "Skipped record number : 3"
)


def test_refusals_are_found_by_their_number_in_any_order() -> None:
    answer = envelope("partial", 2, refused(513, RESTRICTED), refused(515, EMAIL))

    assert read(answer, 4) == Acked((Refusal(0, 515, EMAIL), Refusal(2, 513, RESTRICTED)))


@pytest.mark.parametrize("text", [EMAIL, "no number"])
def test_a_record_that_is_named_twice_is_refused_once(text: str) -> None:
    twice = [refused(515, text, echo("a"))] * 2

    assert read(envelope("partial", 2, *twice), 3, sent("a", "b", "c")) == Acked(
        (Refusal(0, 515, text),)
    )


@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)), st.randoms())
    )
)
def test_every_set_of_refusals_is_read_back(
    case: tuple[int, set[int], random.Random],
) -> None:
    records, positions, rng = case
    entries = [refused(516, f"Wrong. Skipped record number : {p + 1}") for p in positions]
    rng.shuffle(entries)
    left = records - len(positions)
    status = "success" if not positions else "partial" if left else "fail"

    verdict = read(envelope(status, left, *entries), records)

    assert isinstance(verdict, Acked)
    assert [refusal.position for refusal in verdict.refusals] == sorted(positions)


def test_one_bad_record_at_any_position_of_a_thousand() -> None:
    for position in range(1000):
        text = (
            f"Profile data is incorrect. Email is not valid.Skipped record number : {position + 1}"
        )

        verdict = read(envelope("partial", 999, refused(515, text)), 1000)

        assert verdict == Acked((Refusal(position, 515, text),))


def test_without_a_number_the_echoed_record_tells() -> None:
    answer = envelope("partial", 2, refused(522, "Too many", echo("b", evtData={"x": 1})))

    assert read(answer, 3, sent("a", "b", "c")) == Acked((Refusal(1, 522, "Too many"),))


def test_alike_records_without_numbers_are_all_refused_or_in_doubt() -> None:
    once = refused(522, "Too many", echo("a"))
    body = sent("a", "b", "a")

    assert read(envelope("partial", 1, once, once), 3, body) == Acked(
        (Refusal(0, 522, "Too many"), Refusal(2, 522, "Too many"))
    )
    assert isinstance(read(envelope("partial", 2, once), 3, body), Unknown)


def test_a_whole_echo_tells_records_of_one_person_and_moment_apart() -> None:
    body = orjson.dumps({"d": [echo("a", evtData={"n": 1}), echo("a", evtData={"n": 2})]})
    answer = envelope("partial", 1, refused(522, "Too many", echo("a", evtData={"n": 2})))

    assert read(answer, 2, body) == Acked((Refusal(1, 522, "Too many"),))


def test_numbers_and_codes_in_other_spellings() -> None:
    entry = {"code": "516", "error": "No. skipped Record number:2.", "record": {}}

    assert read(envelope("partial", 1, entry), 2) == Acked(
        (Refusal(1, 516, "No. skipped Record number:2."),)
    )


def test_numbers_and_echoes_mixed() -> None:
    numbered = refused(513, "No. Skipped record number : 1", echo("a"))
    nameless = refused(522, "Too many", echo("a"))

    assert read(envelope("partial", 1, nameless, numbered), 3, sent("a", "b", "a")) == Acked(
        (Refusal(0, 513, "No. Skipped record number : 1"), Refusal(2, 522, "Too many"))
    )


@pytest.mark.parametrize("code", [2**31, 2**64, "9" * 5000, -1, None, 5.5, "515a", True])
def test_a_code_that_is_none_is_zero(code: object) -> None:
    entry = {"code": code, "error": "No. Skipped record number : 1"}

    assert read(envelope("fail", 0, entry), 1) == Acked(
        (Refusal(0, 0, "No. Skipped record number : 1"),)
    )


def test_the_last_number_counts_when_a_value_is_quoted_before_it() -> None:
    text = "Email 'Skipped record number : 1' is not valid.Skipped record number : 2"

    assert read(envelope("partial", 1, refused(515, text)), 2) == Acked((Refusal(1, 515, text),))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Skipped record number : 1", 1),
        ("Skipped record number:2 ", 2),
        ("Skipped record number : 2.", 2),
        ("Skipped record number : 1 skipped RECORD number : 2", 2),
        ("Skipped record number : 2 Skipped record number", 2),
        ("Skipped record number Skipped record number \t:\n2", 2),
        ("Skipped record number : ٢", 2),
    ],
)
def test_numbers_as_they_may_be_written(text: str, number: int) -> None:
    answer = envelope("partial", 1, refused(515, text))

    assert read(answer, 2) == Acked((Refusal(number - 1, 515, text),))
