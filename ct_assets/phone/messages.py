"""Why a phone was refused, in words that say what to do about it."""

import polars as pl
from phonenumbers import PhoneMetadata

from ct_assets.phone.countries import country_name
from ct_assets.phone.rules import Rules

_UNREADABLE = {
    "not_a_number": "not a phone number",
    "no_region": "no country code and no region given: set `region`",
    "unknown_region": "no country code, and the region of this row is neither an ISO 3166 code"
    " nor an English country name",
    "invalid_country_code": "the digits after + begin with no country's calling code",
    "too_short": "too few digits for a phone number",
    "too_long": "too many digits for a phone number",
}
_UNDIALLABLE = {
    "local_only": "; the area code is missing",
    "not_valid_for_region": "; no number there has this beginning and this length",
}


def text(rules: Rules) -> pl.Expr:
    """The message for a row with the fields of the result and `national_digits`; null if valid."""
    return (
        pl.when(pl.col("reason").is_null())
        .then(None)
        .when(pl.col("status") == "unparsable")
        .then(_mapped("reason", _UNREADABLE))
        .when(pl.col("reason") == "type_not_accepted")
        .then(_wrong_type(rules))
        .when(pl.col("reason") == "below_min_digits")
        .then(pl.lit(f"fewer than {rules.min_digits} digits, country code included"))
        .when(pl.col("reason") == "above_max_digits")
        .then(pl.lit(f"more than {rules.max_digits} digits, country code included"))
        .otherwise(_invalid())
    )


def _mapped(column: str, texts: dict[str, str]) -> pl.Expr:
    return pl.col(column).cast(pl.String).replace_strict(texts, default="", return_dtype=pl.String)


def _wrong_type(rules: Rules) -> pl.Expr:
    wanted = ", ".join(sorted(rules.accept or ()))
    return pl.format("a {} number; accepted: {}", pl.col("type").cast(pl.String), pl.lit(wanted))


def _invalid() -> pl.Expr:
    digits = (
        pl.when(pl.col("national_digits") == 1).then(pl.lit("digit")).otherwise(pl.lit("digits"))
    )
    return pl.format(
        "{} {} after {}{}",
        "national_digits",
        digits,
        pl.col("region")
        .cast(pl.String)
        .map_batches(_expected, return_dtype=pl.String, is_elementwise=True),
        _mapped("reason", _UNDIALLABLE),
    )


def _expected(regions: pl.Series) -> pl.Series:
    texts = {code: expectation(code) for code in regions.drop_nulls().unique()}
    return regions.replace_strict(texts, default=None, return_dtype=pl.String)


def expectation(region: str) -> str:
    """What numbers of a region look like, as `+91; a mobile number of India has 10`."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        return "the calling code"
    lengths = [
        f"{name} has {_either(desc.possible_length)}"
        for name, desc in (
            ("a mobile number", metadata.mobile),
            ("a fixed line", metadata.fixed_line),
        )
        if desc is not None and desc.possible_length and desc.possible_length[0] > 0
    ]
    return f"+{metadata.country_code}; in {country_name(region)} {', '.join(lengths)}"


def _either(lengths: tuple[int, ...]) -> str:
    least, most = lengths[0], lengths[-1]
    if len(lengths) < 3:
        return " or ".join(map(str, lengths))
    return f"{least} to {most}"
