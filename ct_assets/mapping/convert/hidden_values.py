"""Hides converted values: a hash, or a text that shows a part of one, goes in its place."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import polars as pl

from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import Converted
from ct_assets.mapping.convert.dtypes import BLANKS

HashName = Literal["sha256", "sha512", "md5"]
Normalise = Literal["lower", "trim", "none"]
# What is hashed or redacted is text as CleverTap would get it; these give one of their own.
HIDEABLE = (FieldType.STRING, FieldType.EMAIL, FieldType.PHONE)


def hashed(converted: Converted, algorithm: HashName, normalise: Normalise) -> Converted:
    """Lower-case hexadecimal digits of the hash of the UTF-8 bytes; a value left empty is null."""
    value = converted.value
    if normalise != "none":
        value = value.str.strip_chars(BLANKS)
    if normalise == "lower":
        value = value.str.to_lowercase()
    filled = pl.when(value.str.len_bytes() > 0).then(value)
    digests = filled.map_batches(_digests(algorithm), return_dtype=pl.String, is_elementwise=True)
    return replace(converted, value=digests)


def _digests(algorithm: HashName) -> Callable[[pl.Series], pl.Series]:
    """DuckDB and polars lack SHA-512, and hashlib costs no more than DuckDB's SHA-256."""
    function = getattr(hashlib, algorithm)

    def digests(values: pl.Series) -> pl.Series:
        texts = (value and function(value.encode()).hexdigest() for value in values)
        return pl.Series(values.name, texts, dtype=pl.String)

    return digests


def redacted(converted: Converted, first: int, last: int) -> Converted:
    """`***` between the first and last characters, so many of each; alone where all would show."""
    value = converted.value
    shown = pl.concat_str(value.str.head(first), pl.lit("***"), value.str.tail(last))
    hides = value.str.len_chars() > first + last
    text = pl.when(hides).then(shown).when(value.is_not_null()).then(pl.lit("***"))
    return replace(converted, value=text)
