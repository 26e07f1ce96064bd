import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType
from ct_assets_tests.mapping.convert.run import converted, one


@pytest.mark.parametrize("word", ["true", "TRUE", "yes", "Y", "t", "1", "on", " True "])
def test_words_for_yes(word: str) -> None:
    assert one(word, FieldType.BOOLEAN) == (True, None)
    assert one(word, FieldType.YES_NO) == ("Y", None)


@pytest.mark.parametrize("word", ["false", "FALSE", "no", "N", "f", "0", "off", " False "])
def test_words_for_no(word: str) -> None:
    assert one(word, FieldType.BOOLEAN) == (False, None)
    assert one(word, FieldType.YES_NO) == ("N", None)


@pytest.mark.parametrize("word", ["2", "-1", "ja", "maybe", "10", "yess", "unknown"])
def test_words_for_neither(word: str) -> None:
    assert one(word, FieldType.BOOLEAN) == (None, "boolean_unknown")
    assert one(word, FieldType.YES_NO) == (None, "yes_no_unknown")


def test_flags_of_other_types() -> None:
    assert converted([True, False, None], FieldType.BOOLEAN) == [
        (True, None),
        (False, None),
        (None, None),
    ]
    assert converted([True, False, None], FieldType.YES_NO) == [
        ("Y", None),
        ("N", None),
        (None, None),
    ]
    assert converted([1, 0, 2, None], FieldType.BOOLEAN) == [
        (True, None),
        (False, None),
        (None, "boolean_unknown"),
        (None, None),
    ]
    assert converted([1.0, 0.5, float("nan")], FieldType.YES_NO) == [
        ("Y", None),
        (None, "yes_no_unknown"),
        (None, "yes_no_unknown"),
    ]
    assert converted(["yes", "no"], FieldType.BOOLEAN, dtype=pl.Categorical) == [
        (True, None),
        (False, None),
    ]


@pytest.mark.parametrize(
    ("word", "value", "code"),
    [
        ("M", "M", None),
        ("f", "F", None),
        ("male", "M", None),
        ("Female", "F", None),
        (" WOMAN ", "F", None),
        ("man", "M", None),
        ("o", None, "gender_unknown"),
        ("others", None, "gender_unknown"),
        ("u", None, "gender_unknown"),
        ("unknown", None, "gender_unknown"),
        ("w", None, "gender_unknown"),
        ("1", None, "gender_unknown"),
        ("mal", None, "gender_unknown"),
        ("", None, None),
    ],
)
def test_genders(word: str, value: str | None, code: str | None) -> None:
    assert one(word, FieldType.GENDER) == (value, code)


@pytest.mark.parametrize(
    ("word", "value", "code"),
    [
        ("School", "School", None),
        ("COLLEGE", "College", None),
        ("graduate", "Graduate", None),
        ("high school", "School", None),
        ("University", None, "education_unknown"),
        ("graduated", None, "education_unknown"),
        (" ", None, None),
    ],
)
def test_educations(word: str, value: str | None, code: str | None) -> None:
    assert one(word, FieldType.EDUCATION) == (value, code)
