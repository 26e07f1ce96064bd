from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ct_assets.phone import UnknownRegionError, UnknownTypeError, e164, explain, is_e164

pytestmark = pytest.mark.usefixtures("either_way")

CASES: list[tuple[str | None, str | None, str | None, str, str | None]] = [
    ("+16502530000", None, "+16502530000", "valid_as_is", None),
    ("+1 (650) 253-0000", None, "+16502530000", "valid_normalised", None),
    ("98765 43210", "India", "+919876543210", "valid_normalised", None),
    ("919876543210", "IN", "+919876543210", "valid_normalised", None),
    ("00 44 20 7946 0958", "FR", "+442079460958", "valid_normalised", None),
    ("+4402079460958", None, "+442079460958", "valid_normalised", None),
    ("06 6982 1234", "Italy", "+390669821234", "valid_normalised", None),
    ("011 15-2345-6789", "AR", "+5491123456789", "valid_normalised", None),
    ("1-800-FLOWERS", "US", "+18003569377", "valid_normalised", None),
    ("tel:863-1234;phone-context=+1-914-555", None, None, "invalid", "too_long"),
    ("+800 1234 5678", None, "+80012345678", "valid_normalised", None),
    ("٠٦١٢٣٤٥٦٧٨", "FR", "+33612345678", "valid_normalised", None),
    ("+453 3331 9991", "Denmark", None, "invalid", "too_long"),
    ("253-0000", "US", None, "invalid", "local_only"),
    ("12", "IN", None, "invalid", "too_short"),
    ("+91 0124 39883988", None, None, "invalid", "not_valid_for_region"),
    ("+999 123 456 789", "US", None, "unparsable", "invalid_country_code"),
    ("020 7946 0958", None, None, "unparsable", "no_region"),
    ("020 7946 0958", " ", None, "unparsable", "no_region"),
    ("020 7946 0958", "Atlantis", None, "unparsable", "unknown_region"),
    ("+44 20 7946 0958", "Atlantis", "+442079460958", "valid_normalised", None),
    ("n/a", "GB", None, "unparsable", "not_a_number"),
    ("", "GB", None, "unparsable", "not_a_number"),
    ("+6200180306988043318", None, None, "invalid", "above_max_digits"),
    ("+6141234567890", None, None, "invalid", "invalid_length"),
    (None, "GB", None, "null", None),
]
COLUMNS = ("phone", "region", "e164", "status", "reason")


def judged(*cases: tuple[Any, ...], **options: Any) -> list[tuple[Any, ...]]:
    given = pl.DataFrame(cases, schema=["phone", "region"], orient="row")
    fields = e164("phone", region=pl.col("region"), **options).struct.field(
        "e164", "status", "reason"
    )
    return given.cast(pl.String).with_columns(fields).rows()


@pytest.mark.parametrize(COLUMNS, CASES)
def test_each_case(
    phone: str | None, region: str | None, e164: str | None, status: str, reason: str | None
) -> None:
    assert judged((phone, region)) == [(phone, region, e164, status, reason)]


def test_cases_in_one_column() -> None:
    assert judged(*((phone, region) for phone, region, *_ in CASES)) == CASES


def test_a_constant_region_and_types() -> None:
    phones = pl.DataFrame({"phone": ["020 7946 0958", "07400 123456", "x"]})

    result = phones.select(e164("phone", region="UK")).unnest("phone")

    assert result.select("e164", "region", "type").rows() == [
        ("+442079460958", "GB", "fixed_line"),
        ("+447400123456", "GB", "mobile"),
        (None, None, None),
    ]


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_lazy_plans(engine: Any) -> None:
    lazy = pl.LazyFrame({"phone": ["+16502530000", None], "n": [1, 2]})

    result = lazy.filter(e164("phone").struct.field("e164").is_not_null()).collect(engine=engine)

    assert_frame_equal(result, pl.DataFrame({"phone": ["+16502530000"], "n": [1]}))


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("phone", [919876543210, None], dtype=pl.Int64),
        pl.Series("phone", [9876543210, None], dtype=pl.UInt64),
        pl.Series("phone", [Decimal(9876543210), None], dtype=pl.Decimal(38, 0)),
        pl.Series("phone", ["9876543210", None], dtype=pl.Categorical),
        pl.Series("phone", ["9876543210", None], dtype=pl.Enum(["9876543210"])),
    ],
    ids=lambda column: str(column.dtype),
)
def test_other_column_types(column: pl.Series) -> None:
    result = column.to_frame().select(e164("phone", region="IN").struct.field("e164"))

    assert result.to_series().to_list() == ["+919876543210", None]


def test_is_e164() -> None:
    phones = pl.DataFrame(
        {"phone": ["+16502530000", "+1 650 253 0000", "+4402079460958", "", None]}
    )

    assert phones.select(is_e164("phone")).to_series().to_list() == [
        True,
        False,
        False,
        False,
        None,
    ]


def test_is_e164_knows_numbers_beyond_e164() -> None:
    phones = pl.DataFrame(
        {"phone": ["+620018035227025341", "+6200180306988043318", "+62001803069880433189"]}
    )
    judged = e164("phone", max_digits=None).struct.field("status")

    assert phones.select(is_e164("phone")).to_series().to_list() == [True, True, False]
    assert phones.select(judged).to_series().to_list() == ["valid_as_is"] * 2 + ["invalid"]


def test_several_columns_at_once() -> None:
    frame = pl.DataFrame({"home": ["98765 43210"], "work": ["+91 98765 43210"], "land": ["IN"]})
    both = pl.col("home", "work")

    judged = frame.select(e164(both, region="IN").struct.field("e164").name.keep())

    assert judged.rows() == [("+919876543210", "+919876543210")]
    with pytest.raises(ValueError, match="one column of phones at a time"):
        frame.select(e164(both, region=pl.col("land")))


def test_regions_are_text() -> None:
    with pytest.raises(TypeError, match="'region' is a column of Float64, not of text"):
        pl.DataFrame({"phone": ["1"], "n": [1.5]}).select(e164("phone", region=pl.col("n")))


def test_a_column_of_nulls_and_an_empty_frame() -> None:
    nulls = pl.DataFrame({"phone": [None, None], "region": [None, None]})
    judged = e164("phone", region=pl.col("region"))

    assert nulls.select(judged).unnest("phone")["status"].to_list() == ["null", "null"]
    assert nulls.clear().select(judged).schema == nulls.select(judged).schema
    assert nulls.clear().select(explain("phone")).schema == {"phone": pl.String}


def test_the_schema_is_known_before_anything_runs() -> None:
    lazy = pl.LazyFrame({"phone": ["+16502530000"]}).select(e164("phone"))

    assert lazy.collect_schema() == lazy.collect().schema


def test_numbers_with_fractions_are_refused() -> None:
    with pytest.raises(TypeError, match="is a column of Float64, not of text or whole numbers"):
        pl.DataFrame({"phone": [1.5]}).select(e164("phone"))


def test_a_constant_region_must_exist() -> None:
    with pytest.raises(UnknownRegionError, match="did you mean 'Germany'"):
        e164("phone", region="Germny")


def test_accepted_types_must_exist() -> None:
    with pytest.raises(UnknownTypeError, match="no such number type: handy"):
        e164("phone", accept=["mobile", "handy"])
