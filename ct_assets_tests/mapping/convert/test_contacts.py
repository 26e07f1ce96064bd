from decimal import Decimal

import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Limits, Target
from ct_assets_tests.mapping.convert.run import converted, one, outcomes

EMAIL, PHONE = FieldType.EMAIL, FieldType.PHONE

ADDRESSES = """
    jane@example.test  JANE.DOE+tag@Example.CO.UK  o'brien@example.test  _x_@example.test
    user%host@example.test  a@b.co  1@2.de  x@sub.sub.example.museum  a-b@a-b.example.test
    user@xn--bcher-kva.example  user@example.xn--p1ai  !#$%&'*+/=?^_`{|}~-@example.test
    x@1and1.test
"""


@pytest.mark.parametrize("address", ADDRESSES.split())
def test_addresses(address: str) -> None:
    assert one(address, EMAIL) == (address, None)
    assert one(address, EMAIL, international=False) == (address, None)


# The first belongs to customer 49 of the Chinook store.
@pytest.mark.parametrize(
    "address",
    [
        "stanisław.wójcik@wp.pl",
        "用户@例子.广告",
        "jörg@bücher.example",
        "अजय@डाटा.भारत",
        "θσερ@εχαμπλε.ψομ",
        "❤@example.test",
    ],
)
def test_international_addresses(address: str) -> None:
    assert one(address, EMAIL) == (address, None)
    assert one(address, EMAIL, international=False) == (None, "email_international")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("1234", "email_no_at"),
        ("$$$$$", "email_no_at"),
        ("example.test", "email_no_at"),
        ("@", "email_part_missing"),
        ("@example.test", "email_part_missing"),
        ("jane@", "email_part_missing"),
        ("a@b@example.test", "email_characters"),
        ("jane doe@example.test", "email_characters"),
        ("jane@exa mple.test", "email_characters"),
        ("Jane <jane@example.test>", "email_characters"),
        ("jane@example.test; joe@example.test", "email_characters"),
        ("jane,joe@example.test", "email_characters"),
        ("jane\u200b@example.test", "email_characters"),
        ("jane\x00@example.test", "email_characters"),
        ("<jane@example.test>", "email_domain"),
        ("jane<x@exämple.test", "email_characters"),
        ('"jane"@example.test', "email_characters"),
        ("jane(x)@example.test", "email_characters"),
        (".jane@example.test", "email_dots"),
        ("jane.@example.test", "email_dots"),
        ("jane..doe@example.test", "email_dots"),
        ("jane@.example.test", "email_dots"),
        ("jane@example..test", "email_dots"),
        ("jane@example.test.", "email_dots"),
        ("jane@localhost", "email_domain"),
        ("jane@example.1", "email_domain"),
        ("jane@192.0.2.1", "email_domain"),
        ("jane@[192.0.2.1]", "email_domain"),
        ("jane@example.t", "email_domain"),
        ("jane@-example.test", "email_domain"),
        ("jane@example-.test", "email_domain"),
        ("jane@exa_mple.test", "email_domain"),
        ("jane@example.test-", "email_domain"),
        ("jane@example,test", "email_domain"),
        ("jane@½.test", "email_domain"),
    ],
)
def test_what_is_no_address(address: str, code: str) -> None:
    assert one(address, EMAIL) == (None, code)


DOMAIN_OF_189 = ".".join(["d" * 62] * 3) + "."


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("a" * 64 + "@example.test", None),
        ("a" * 65 + "@example.test", "email_too_long"),
        ("é" * 32 + "@example.test", None),
        ("é" * 33 + "@example.test", "email_too_long"),
        ("a@" + "b" * 63 + ".test", None),
        ("a@" + "b" * 64 + ".test", "email_too_long"),
        ("a@example." + "b" * 64, "email_too_long"),
        ("a" * 60 + "@" + DOMAIN_OF_189 + "test", None),
        ("a" * 61 + "@" + DOMAIN_OF_189 + "test", "email_too_long"),
        ("a" * 1_000_000 + "@example.test", "email_too_long"),
    ],
)
def test_lengths_of_addresses(address: str, code: str | None) -> None:
    assert one(address, EMAIL) == (None if code else address, code)


def test_blanks_around_an_address_are_dropped() -> None:
    assert converted([" jane@example.test\n", "\ufeffjoe@example.test", " ", None], EMAIL) == [
        ("jane@example.test", None),
        ("joe@example.test", None),
        (None, None),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("given", "region", "value", "code"),
    [
        ("+35922333232", None, "+35922333232", None),
        ("+1 (650) 253-0000", None, "+16502530000", None),
        ("98765 43210", "IN", "+919876543210", None),
        # Seven, eight, fifteen and sixteen digits.
        ("+6834002", None, None, "phone_below_min_digits"),
        ("+29051234", None, "+29051234", None),
        ("+493012345678901", None, "+493012345678901", None),
        ("+4930123456789012", None, None, "phone_above_max_digits"),
        ("98765 43210", "India", "+919876543210", None),
        ("98765 43210", None, None, "phone_no_region"),
        ("223", None, None, "phone_no_region"),
        ("223", "BG", None, "phone_too_short"),
        ("+44+441234", None, None, "phone_not_a_number"),
        ("+9991234567", None, None, "phone_invalid_country_code"),
        ("hello", "GB", None, "phone_not_a_number"),
        (" ", "GB", None, None),
        (None, "GB", None, None),
        (6502530000, "US", "+16502530000", None),
    ],
)
def test_phones(given: object, region: str | None, value: str | None, code: str | None) -> None:
    dtype = pl.Int64 if isinstance(given, int) else pl.String
    assert converted([given], PHONE, dtype=dtype, region=region) == [(value, code)]


def test_phones_in_a_decimal_column() -> None:
    given = [Decimal(6502530000), None]
    assert converted(given, PHONE, dtype=pl.Decimal(38, 0), region="US") == [
        ("+16502530000", None),
        (None, None),
    ]


def test_phones_of_regions_in_a_column() -> None:
    rows = pl.DataFrame({"given": ["98765 43210", "650 253 0000"], "country": ["India", "US"]})
    target = Target("Phone", PHONE, region=pl.col("country"))
    found = outcomes(rows["given"], target, beside=rows.select("country"))
    assert found["value"].to_list() == ["+919876543210", "+16502530000"]


def test_the_digits_of_a_phone_are_a_setting() -> None:
    niue = "+6834002"
    assert one(niue, PHONE) == (None, "phone_below_min_digits")
    assert one(niue, PHONE, limits=Limits(phone_digits=(5, 15))) == (niue, None)


def test_types_of_phones() -> None:
    assert one("+442079460000", PHONE, accept=("mobile",)) == (None, "phone_type_not_accepted")


def test_the_message_of_a_phone_says_what_to_do() -> None:
    found = outcomes(pl.Series(["98765 43210"]), Target("Phone", PHONE))
    assert found["message"].to_list() == ["no country code and no region given: set `region`"]
