"""Tells why a phone was refused, in words that say what to do about it."""

from collections.abc import Iterator, Sequence

import polars as pl
from phonenumbers import PhoneMetadata

from ct_assets.phone import metadata
from ct_assets.phone.countries import country_name
from ct_assets.phone.rules import Rules

_UNREADABLE = {
    "not_a_number": "not a phone number",
    "no_region": "no country code and no region given: set `region`",
    "unknown_region": "no country code, and the region of this row is no known country:"
    " write an ISO 3166 code or an English name",
    "invalid_country_code": "begins with a calling code that does not exist",
    "too_short": "too short for a phone number",
    "too_long": "too long for a phone number",
}
_REGION_EMPTY = {
    "no_region": "no country code, and the region of this row is empty: fill it in the source"
}
_LEAVE_OUT = "leave it out of such rows with `on_invalid: drop`"
_NOT_IN_USE = "; these are in no range that is in use"
_UNDIALLABLE = {
    "local_only": "; the area code is missing",
    "not_valid_for_region": _NOT_IN_USE,
}
_NO_COUNTRY = {
    "too_short": ": too few",
    "too_long": ": too many",
    "invalid_length": ": no number there has so many",
    "not_valid_for_region": _NOT_IN_USE,
}


def text(rules: Rules, *, region_by_row: bool) -> pl.Expr:
    """The message for a row with the fields of the result and `national_digits`; null if valid."""
    unreadable = _UNREADABLE | (_REGION_EMPTY if region_by_row else {})
    return (
        pl.when(pl.col("reason").is_null())
        .then(None)
        .when(pl.col("status") == "unparsable")
        .then(_mapped("reason", unreadable))
        .when(pl.col("reason") == "type_not_accepted")
        .then(_wrong_type(rules))
        .when(pl.col("reason") == "below_min_digits")
        .then(_of_digits("fewer", rules.min_digits))
        .when(pl.col("reason") == "above_max_digits")
        .then(_of_digits("more", rules.max_digits))
        .otherwise(_invalid())
    )


def _mapped(column: str, texts: dict[str, str]) -> pl.Expr:
    return pl.col(column).cast(pl.String).replace_strict(texts, default="", return_dtype=pl.String)


def _wrong_type(rules: Rules) -> pl.Expr:
    wanted = ", ".join(sorted(rules.accept or ()))
    return pl.format(
        "of type {}, and `accept` takes {}; {}",
        pl.col("type").cast(pl.String),
        pl.lit(wanted),
        pl.lit(_LEAVE_OUT),
    )


def _of_digits(compared: str, digits: int | None) -> pl.Expr:
    counted = f"valid, but of {compared} than {digits} digits, country code included"
    return pl.lit(f"{counted}; {_LEAVE_OUT}")


def _invalid() -> pl.Expr:
    of_no_country = pl.col("region") == "001"
    return pl.format(
        "{} digits after {}{}",
        "national_digits",
        pl.col("region")
        .cast(pl.String)
        .map_batches(_expected, return_dtype=pl.String, is_elementwise=True),
        pl.when(of_no_country)
        .then(_mapped("reason", _NO_COUNTRY))
        .otherwise(_mapped("reason", _UNDIALLABLE)),
    )


def _expected(regions: pl.Series) -> pl.Series:
    texts = {code: expectation(code) for code in regions.drop_nulls().unique()}
    return regions.replace_strict(texts, default=None, return_dtype=pl.String)


def expectation(region: str) -> str:
    """The form of numbers of a main region: `+45 (Denmark); there mobile numbers have 8`."""
    data = PhoneMetadata.metadata_for_region(region)
    if data is None:
        return "a calling code of no country"
    lengths = {
        name: _either(desc.possible_length)
        for name, desc in (("mobile numbers", data.mobile), ("fixed lines", data.fixed_line))
        if desc is not None and desc.possible_length and desc.possible_length[0] > 0
    }
    if len(set(lengths.values())) == 1:
        lengths = {" and ".join(lengths): next(iter(lengths.values()))}
    code = metadata.calling_code(region)
    others = " and others" if len(metadata.calling_codes()[code]) > 1 else ""
    by_kind = ", ".join(f"{name} have {digits}" for name, digits in lengths.items())
    return f"+{code} ({country_name(region)}{others}); there {by_kind}"


def _either(lengths: Sequence[int]) -> str:
    """Lengths in words: `6 or 8 to 10`."""
    *parts, last = _runs(sorted(lengths))
    return f"{', '.join(parts)} or {last}" if parts else last


def _runs(lengths: list[int]) -> Iterator[str]:
    while lengths:
        run = [n for i, n in enumerate(lengths) if n == lengths[0] + i]
        kept = len(run) if len(run) > 2 else 1
        yield f"{run[0]} to {run[-1]}" if kept > 1 else f"{run[0]}"
        lengths = lengths[kept:]
