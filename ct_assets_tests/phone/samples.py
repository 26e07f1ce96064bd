"""Columns of phone numbers as data sources have them, made from the installed metadata."""

import functools

import numpy as np
import numpy.typing as npt
import phonenumbers
import polars as pl

from ct_assets.phone import e164

FORMS = {
    "+{code}{digits}": 40,
    "+{code} {a} {b}": 12,
    "+{code} ({a}) {b}": 4,
    "+{code}-{a}-{b}": 4,
    "{trunk}{digits}": 10,
    "{trunk}{a} {b}": 10,
    "({trunk}{a}) {b}": 6,
    "{trunk}{a}.{b}": 3,
    "{code}{digits}": 4,
    "00{code}{digits}": 2,
    "+{code} (0) {a} {b}": 1,
    "{trunk}{a} {b} ext. 12": 1,
    " {trunk}{a}/{b} ": 1,
    "n/a": 1,
    "": 1,
}


@functools.cache
def numbers(rows: int, seed: int) -> pl.DataFrame:
    """Distinct valid numbers of many countries: region, code, trunk prefix and national digits."""
    seeds = _seeds()
    rng = np.random.default_rng(seed)
    drawn = seeds[rng.choice(seeds.height, int(rows * 1.6), p=_weights(seeds))]
    digits = drawn["digits"]
    keep = pl.Series(rng.integers(3, 5, drawn.height))
    tail = pl.Series(rng.integers(10**17, 10**18, drawn.height)).cast(pl.String)
    made = drawn.with_columns(
        digits=(digits.str.head(keep) + tail).str.head(digits.str.len_bytes())
    )
    text = pl.format("+{}{}", "code", "digits")
    valid = made.filter(e164(text, min_digits=None).struct.field("status") == "valid_as_is")
    return valid.head(rows)


def clean_column(rows: int, seed: int = 1) -> pl.Series:
    """Numbers in E.164 form, with a few per cent formatted, null or junk."""
    rng = np.random.default_rng(seed)
    form = rng.choice(["", " ", "n/a", "null"], rows, p=[0.965, 0.025, 0.003, 0.007])
    code_and_rest = pl.format("+{}{}{}", "code", pl.Series(form), "digits")
    column = (
        pl.when(pl.Series(form) == "null")
        .then(None)
        .when(pl.Series(form) == "n/a")
        .then(pl.lit("n/a"))
        .otherwise(code_and_rest)
    )
    return numbers(rows, seed).select(column.alias("phone")).to_series()


def messy_column(rows: int, seed: int = 1) -> pl.DataFrame:
    """Numbers written in all the ways people write them, with the region of each."""
    rng = np.random.default_rng(seed)
    weights = np.array(list(FORMS.values()), float)
    given = numbers(rows, seed).with_columns(
        form=pl.Series(rng.choice(len(FORMS), rows, p=weights / weights.sum())),
        a=pl.col("digits").str.head(3),
        b=pl.col("digits").str.slice(3),
    )
    forms = [pl.when(pl.col("form") == i).then(_written(f)) for i, f in enumerate(FORMS)]
    return given.select(phone=pl.coalesce(forms), region="region")


def _written(form: str) -> pl.Expr:
    names = [part.split("}")[0] for part in form.split("{")[1:]]
    for name in names:
        form = form.replace(f"{{{name}}}", "{}")
    return pl.format(form, *names) if names else pl.lit(form)


@functools.cache
def _seeds() -> pl.DataFrame:
    """Example numbers of every region."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
        for kind in (0, 1, 1, 3):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                digits = phonenumbers.national_significant_number(number)
                found.append((region, str(number.country_code), trunk, digits))
    return pl.DataFrame(found, schema=["region", "code", "trunk", "digits"], orient="row")


def _weights(seeds: pl.DataFrame) -> npt.NDArray[np.float64]:
    large = {"US": 60, "IN": 60, "BR": 30, "GB": 30, "DE": 25, "FR": 20, "ID": 20, "MX": 15}
    weights = np.array([large.get(region, 1) for region in seeds["region"]], np.float64)
    weights /= weights.sum()
    return weights
