"""Phone numbers beyond libphonenumber's verdict: what sources do to them, and two readings."""

from typing import Any, Literal

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Target
from ct_assets_tests.mapping.convert.run import converted, one, outcomes
from ct_assets_tests.mapping.splitting import profiles

PHONE = FieldType.PHONE
US = "there mobile numbers and fixed lines have 10"
PLUS_MISSING = (
    "valid with a plus, which is missing before its country code: write it in the source, or with "
    "`template: '+{...}'`"
)
DAMAGED = (
    "a number that a spreadsheet or a column of floats has rewritten, perhaps with other digits: "
    "take it from where it is text"
)
LETTER = "has the letter {} among its digits: if {} is meant, write that"
LETTERS = "has letters, which count as digits, as on the keys of a phone: "


@pytest.mark.parametrize(
    ("text", "region", "code", "message"),
    [
        ("+1415\u200e5550132", None, "not_a_number", "has the invisible character U+200E inside"),
        ("+1415\u200c5550132", "US", "not_a_number", "has the invisible character U+200C inside"),
        ("+1415\ufe0f5550132", None, "not_a_number", "has the invisible character U+FE0F inside"),
        ("+1415\u202f5550132", "US", "not_a_number", "has the character U+202F (a narrow space)"),
        ("+1415\u20095550132", None, "not_a_number", "has the character U+2009 (a thin space)"),
        ("+1415\u20685550132", None, "not_a_number", "has an invisible character inside: take it"),
        ("+1415\t5550132", None, "not_a_number", "has a tab inside: take it out in the source"),
        ("919876543210", None, "no_region", PLUS_MISSING),
        ("91 98765-43210", None, "no_region", PLUS_MISSING),
        ("98765 43210", None, "no_region", "no country code and no region given: set `region`"),
        ("919876543210", "US", "too_long", f"12 digits after +1 (United States and others); {US}; "
         "with a plus before it is valid: is that missing?"),
        ("3.108207129E9", "NL", "damaged", DAMAGED),
        ("3,108207129e+9", None, "damaged", DAMAGED),
        ("9.19876E+11", "IN", "damaged", DAMAGED),
        ("919876543210.0", "IN", "damaged", DAMAGED),
        ("15112345678.0", "DE", "damaged", DAMAGED),
        ("+14155550132.00", None, "damaged", DAMAGED),
        ("+14155550132 (mobile)", None, "too_long",
         f"{LETTERS}16 digits after +1 (United States and others); {US}; take words out of it"),
        ("415 555 0132 mobile", "US", "too_long", LETTERS),
        ("+1 415 555 O132", None, "too_short", LETTER.format("O", 0)),
        ("415 555 013o", "US", "too_short", LETTER.format("o", 0)),
        ("+49 151 I2345678", None, "not_valid_for_region", LETTER.format("I", 1)),
        ("+4915l12345678", "DE", "not_valid_for_region", LETTER.format("l", 1)),
        ("0O4915112345678", "DE", "not_a_number", LETTER.format("O", 0)),
        ("call me", "US", "not_a_number", "not a phone number"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", ["+14155550132", None])
def test_what_is_wrong_with_a_phone(
    text: str, region: str | None, code: str, message: str, beside: str | None
) -> None:
    found = outcomes(pl.Series([beside, text]), Target("Phone", PHONE, region=region))

    assert found["code"].to_list() == [None, f"phone_{code}"]
    assert found["message"][1].startswith(message)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1-800-FLOWERS", "+18003569377"),
        ("+1 415 555 0132 ext 5", "+14155550132"),
        ("+1415\u200b5550132", "+14155550132"),
        ("\u200e+14155550132\u200f", "+14155550132"),
        ("415.555.0130", "+14155550130"),
        ("415 555 0132\u00a0", "+14155550132"),
    ],
)
def test_what_libphonenumber_reads_is_read(text: str, value: str | None) -> None:
    assert one(text, PHONE, region="US")[0] == value


# What a bare number of a region is sent as, and with its plus, if that is another number.
READINGS = [
    ("4915112345678", "DE", "+494915112345678", "+4915112345678"),
    ("49 151 12345678", "DE", "+494915112345678", "+4915112345678"),
    ("+4915112345678", "DE", "+4915112345678", None),
    ("+494915112345678", "DE", "+494915112345678", None),
    ("015112345678", "DE", "+4915112345678", None),
    ("15112345678", "DE", "+4915112345678", None),
    ("919876543210", "IN", "+919876543210", None),
    ("14155550132", "US", "+14155550132", None),
    (None, "DE", None, None),
]


@pytest.mark.parametrize(("text", "region", "sent", "with_plus"), READINGS)
@pytest.mark.parametrize("by_row", [False, True])
def test_a_number_with_one_calling_code_or_two(
    text: str | None, region: str, sent: str | None, with_plus: str | None, *, by_row: bool
) -> None:
    rows = pl.DataFrame({"given": pl.Series([text], dtype=pl.String), "country": [region]})

    def outcome(doubled_code: Literal["warn", "reject", "plus"]) -> tuple[object, object]:
        place: Any = pl.col("country") if by_row else region
        target = Target("Phone", PHONE, region=place, doubled_code=doubled_code)
        found = outcomes(rows["given"], target, beside=rows.select("country"))
        return found["value"][0], found["code"][0]

    assert outcome("warn") == (sent, None)
    assert outcome("plus") == (with_plus or sent, None)
    assert outcome("reject") == ((None, "phone_doubled_code") if with_plus else (sent, None))


@pytest.mark.parametrize(
    ("text", "accept", "plus", "warn"),
    [
        # A mobile number with its plus; as it stands one of Oldenburg, +49 491 5112345678.
        ("4915112345678", ["mobile"], ("+4915112345678", None), (None, "phone_type_not_accepted")),
        ("4915112345678", ["fixed_line"], ("+494915112345678", None), ("+494915112345678", None)),
        ("4915112345678", None, ("+4915112345678", None), ("+494915112345678", None)),
        ("015112345678", ["mobile"], ("+4915112345678", None), ("+4915112345678", None)),
        ("4915112345678", ["toll_free"], (None, "phone_type_not_accepted"),
         (None, "phone_type_not_accepted")),
    ],
)  # fmt: skip
def test_a_reading_is_of_an_accepted_type(
    text: str, accept: list[str] | None, plus: object, warn: object
) -> None:
    assert one(text, PHONE, region="DE", accept=accept, doubled_code="plus") == plus
    assert one(text, PHONE, region="DE", accept=accept) == warn


def test_it_is_sent_with_a_warning() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "phone": ["4915112345678", "015112345678"]})

    outcome = profiles(rows, {"Phone": {"column": "phone", "region": "DE"}})

    assert outcome.data == [{"Phone": "+494915112345678"}, {"Phone": "+4915112345678"}]
    assert outcome.warnings == [[("Phone", "phone_reading")], None]


def test_an_identity_is_warned_of_and_declared_alike() -> None:
    rows = pl.DataFrame({"id": ["4915112345678"]})
    number = {"column": "id", "region": "DE", "type": "phone"}

    warned = profiles(rows, identify_by=[{"identity": number}])
    taken = profiles(rows, identify_by=[{"identity": {**number, "doubled_code": "plus"}}])

    assert warned.warnings == [[("identity", "phone_reading")]]
    assert [r["identity"] for r in warned.records] == ["+494915112345678"]
    assert [r["identity"] for r in taken.records] == ["+4915112345678"]


def test_whole_numbers_are_read_as_their_digits() -> None:
    assert converted([4915112345678], PHONE, region="DE", doubled_code="plus") == [
        ("+4915112345678", None)
    ]
