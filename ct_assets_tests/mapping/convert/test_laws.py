"""What holds for every conversion, whatever the column holds."""

import json
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ct_assets.clevertap.codes import explain
from ct_assets.mapping.convert import FieldType, Target, convert
from ct_assets_tests.mapping.convert.run import outcomes

KINDS = sorted(set(FieldType) - {FieldType.ITEMS})

# Near what the conversions look for, so that they are met on both sides.
AROUND = st.text(alphabet="0123456789-+.:TZ $D_@eEaenNull/xM%'é\u200b\u00a0", max_size=24)
LONG = st.integers(min_value=500, max_value=1100).map(lambda n: "é" * (n // 2) + "x" * (n % 2))
TEXTS = st.lists(st.none() | st.text(max_size=12) | AROUND | LONG, min_size=1, max_size=8)

LONGEST = {FieldType.IDENTITY: 1024, FieldType.PUSH_TOKEN: 4096}

NOTHING = ",\0\u200b\u2060\ufeff"

# The rules of the API pages, written anew.
VALID: dict[FieldType, str] = {
    FieldType.BOOLEAN: r"True|False",
    FieldType.DATE: r"\$D_-?\d{1,12}",
    FieldType.TIMESTAMP: r"[1-9]\d{0,9}",
    FieldType.PHONE: r"\+[1-9]\d{7,14}",
    FieldType.EMAIL: r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,63}",
    FieldType.GENDER: r"M|F",
    FieldType.YES_NO: r"Y|N",
    FieldType.EDUCATION: r"School|College|Graduate",
    FieldType.AGE: r"\d{1,3}",
    FieldType.INTEGER: r"-?\d{1,19}",
    FieldType.EVENT_NAME: r"[^%><!|&.:;$'\"\\#]{1,512}",
    FieldType.OBJECT_ID: r"[A-Za-z0-9()!:@$_-]{1,64}",
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_any_text_is_sent_right_or_fails_with_a_reason(kind: FieldType, texts: list[str]) -> None:
    target = Target("Field", kind, region="GB", separator=",")
    found = outcomes(pl.Series(texts, dtype=pl.String), target)
    assert found.height == len(texts)
    for given_text, row in zip(texts, found.rows(named=True), strict=True):
        value = row["value"]
        assert row["failed"] == (row["code"] is not None) == bool(row["message"])
        if row["failed"]:
            assert value is None
            assert explain(row["code"]).kind == "rejected"
        elif value is None:
            assert all(c.isspace() or c in NOTHING for c in given_text or "")
        elif isinstance(value, str):
            assert len(value.encode()) <= LONGEST.get(kind, 512)
        if value is not None and kind in VALID:
            assert re.fullmatch(VALID[kind], str(value), re.DOTALL)


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_text_is_sent_unchanged_or_not_at_all(texts: list[str]) -> None:
    found = outcomes(pl.Series(texts, dtype=pl.String), Target("Field"))
    sent = [value for value, failed in found.select("value", "failed").rows() if not failed]
    expected = [
        text
        for text in texts
        if text is None or (len(text.encode()) <= 512 and not text.startswith("$D_"))
    ]
    assert sent == expected


@settings(max_examples=100, deadline=None)
@given(numbers=st.lists(st.floats() | st.none(), min_size=1, max_size=8))
def test_floats_are_exact_or_fail(numbers: list[float | None]) -> None:
    found = outcomes(pl.Series(numbers, dtype=pl.Float64), Target("Field"))
    for number, value, code in zip(numbers, found["value"], found["code"], strict=True):
        assert value == number if code is None else code == "number_not_finite"


@settings(max_examples=100, deadline=None)
@given(numbers=st.lists(st.integers(-(2**100), 2**100) | st.none(), min_size=1, max_size=8))
def test_integers_are_exact_or_fail(numbers: list[int | None]) -> None:
    found = outcomes(pl.Series(numbers, dtype=pl.Int128), Target("Field"))
    for number, value, code in zip(numbers, found["value"], found["code"], strict=True):
        fits = number is None or -(2**63) <= number < 2**63
        assert (value, code) == ((number, None) if fits else (None, "number_out_of_range"))


@pytest.mark.parametrize("kind", [FieldType.EMAIL, FieldType.PHONE, FieldType.DATE])
@given(odd=st.sampled_from(['"', "\\", "\n", "\x00", "\x1f", "\x7f"]), place=st.integers(0, 18))
def test_plain_text_has_nothing_to_escape(kind: FieldType, odd: str, place: int) -> None:
    target = Target("Field", kind)
    assert convert(pl.col("v"), pl.String(), target).plain
    texts = ["ada@example.com", "+16502530000", "2024-01-31T17:30:00"]
    spoilt = [text[:place] + odd + text[place:] for text in texts]
    values = outcomes(pl.Series([*texts, *spoilt]), target)["value"].drop_nulls()
    assert values.len() > 0
    assert [json.dumps(value) for value in values] == [f'"{value}"' for value in values]
