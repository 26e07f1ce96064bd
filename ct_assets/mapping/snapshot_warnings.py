"""Hazards that no single row shows are found in staged files: warnings, no reason to reject."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

from ct_assets.clevertap.codes import RejectedCode, WarnedCode
from ct_assets.clevertap.contract import Limits
from ct_assets.clevertap.fields import PROFILE_FIELDS
from ct_assets.errors import mask
from ct_assets.mapping.repeated_values import repeated_values
from ct_assets.system_columns import SYSTEM_COLUMNS

MOSTLY_NULL = 0.95
MOST = 3
"""Groups of people who share a value that are named, and people of each."""
# docs.clevertap.com's sample of $delete says that it is for these; its page of the SFTP import and
# its web SDK use it for others.
_CLEARABLE = ("Name", "Gender")
# CleverTap unites people by these where no identifier does; e-mail addresses whatever their case.
_UNITING = {
    "Email": pl.col("Email").cast(pl.String).str.to_lowercase(),
    "Phone": pl.col("Phone").cast(pl.String),
}


NULL_WORDS = (r"\N", "NULL", "null", "None", "nan", "NaN")
"""Texts that programs write into files where there is no value."""


class Hazard(NamedTuple):
    code: WarnedCode | RejectedCode
    field: str
    rows: int
    """How many rows it concerns; 0 where it is about the field as a whole."""
    message: str
    keys: Sequence[Sequence[str]] = ()
    """Some of the rows that it concerns, those that belong together in one group."""


def merge_hazards(valid: Path) -> list[Hazard]:
    """Identities that share an e-mail address, a phone number or a further identifier.

    A valid snapshot has each identity once, so rows stand for people.
    """
    rows = pl.scan_parquet(valid, glob=False)
    schema = rows.collect_schema()
    height = int(rows.select(pl.len()).collect().item())
    owned = {
        name: rows.select("_key", value=value) for name, value in _UNITING.items() if name in schema
    }
    owned["identify_by"] = rows.select("_key", value="_also").drop_nulls("value").explode("value")
    hazards = [_shared(owners, height, field) for field, owners in owned.items()]
    return [hazard for hazard in hazards if hazard.rows]


def _shared(owners: pl.LazyFrame, height: int, field: str) -> Hazard:
    """`owners` have a `value`, or none, and the `_key` of a person in each row."""
    hashed = pl.when(pl.col("value").is_not_null()).then(pl.col("value").hash())
    values, people, some = repeated_values(hashed, owners, height, most=MOST)
    keys = sorted(_owners(owners.filter(hashed == pl.lit(value, pl.UInt64))) for value in some)
    noun = "a further identifier" if field == "identify_by" else field
    message = (
        f"{people:,} profiles share {noun} with another one ({_different(values)}): "
        f"{_named(keys)}. CleverTap may unite such profiles, or send a campaign to one of them "
        "only. Make the values unique in the source, or leave the field out."
    )
    return Hazard(WarnedCode("merge"), field, people, message, keys)


def _owners(of_one_value: pl.LazyFrame) -> list[str]:
    first = of_one_value.select("_key").bottom_k(MOST, by="_key")
    return sorted(first.collect(engine="streaming")["_key"])


def _named(groups: Iterable[Sequence[str]]) -> str:
    """The keys, masked: a message is no place for those of persons."""
    return "; ".join(" and ".join(map(mask, group)) for group in groups)


def _different(values: int) -> str:
    return "one value" if values == 1 else f"{values:,} different values"


def custom_fields(fields: Iterable[str], limits: Limits) -> list[Hazard]:
    """`fields`: every property that any sync of one account has sent or is about to send."""
    custom = {name for name in fields if name not in PROFILE_FIELDS}
    if len(custom) <= limits.custom_fields:
        return []
    message = (
        f"{len(custom)} custom properties in all, and CleverTap takes {limits.custom_fields}; it "
        "drops the surplus without a word. Map fewer columns, or raise `limits: {custom_fields: "
        "...}` if your account has more."
    )
    return [Hazard(RejectedCode("too_many_custom_fields"), "fields", 0, message)]


def disputed_clears(fields: Iterable[str]) -> list[Hazard]:
    """`fields`: those that declare `on_null: clear`."""
    return [
        Hazard(
            WarnedCode("clear_disputed"),
            name,
            0,
            f"{name} is cleared with $delete, which CleverTap documents for Name and Gender only. "
            "Look at one such profile in the dashboard before you rely on it.",
        )
        for name in fields
        if name not in _CLEARABLE
    ]


def by_value(contact: str) -> list[Hazard]:
    """`contact`: what a sync of subscriptions identifies by."""
    message = (
        f"each record strikes every profile with that {contact}, and Resubscribe overrides whoever "
        "unsubscribed otherwise. For one profile alone send `MSG-email` or `MSG-sms` with it."
    )
    return [Hazard(WarnedCode("subscription_by_value"), contact, 0, message)]


class SentFields(NamedTuple):
    """Types and nulls of each field of a snapshot; kept to compare the next one with."""

    types: dict[str, str]
    """Of fields with a value in some row: CleverTap has seen nothing of the others."""
    nulls: dict[str, float]
    """The share of rows without a value; nothing for an empty snapshot."""
    bare: int = 0
    """How many rows have no value at all, and clear none."""
    null_words: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    """How many rows have each of `NULL_WORDS` as text, by field; none where there are none."""


def sent_fields(valid: pl.LazyFrame) -> SentFields:
    schema = valid.collect_schema()
    names = [name for name in schema if name not in SYSTEM_COLUMNS]
    if not names:
        return SentFields({}, {})
    said = [name for name in schema if name in (*names, "_clear")]
    texts = [name for name in names if schema[name] == pl.String]
    counted = valid.select(
        pl.len(),
        pl.struct(pl.col(name).drop_nulls().first() for name in names).alias("first"),
        pl.struct(pl.col(name).null_count() for name in names).alias("nulls"),
        pl.all_horizontal(pl.col(name).is_null() for name in said).sum().alias("bare"),
        *(pl.struct(_words(name)).alias(f"words {name}") for name in texts),
    )
    rows, first, nulls, bare, *words = counted.collect(engine="streaming").row(0)
    return SentFields(
        {n: _sent_type(schema[n], value) for n, value in first.items() if value is not None},
        {n: count / rows for n, count in nulls.items() if rows},
        bare,
        {name: seen for name, counts in zip(texts, words, strict=True) if (seen := _seen(counts))},
    )


def _words(name: str) -> list[pl.Expr]:
    return [(pl.col(name) == word).sum().alias(word) for word in NULL_WORDS]


def _seen(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {word: rows for word, rows in counts.items() if rows}


def null_words(words: Mapping[str, Mapping[str, int]]) -> list[Hazard]:
    """`words`: `SentFields.null_words`."""
    return [_null_words(name, counts) for name, counts in words.items()]


def _null_words(name: str, counts: Mapping[str, int]) -> Hazard:
    rows = sum(counts.values())
    message = (
        f"{name} is the text {' or '.join(counts)} in {rows:,} {'row' if rows == 1 else 'rows'}, "
        "and is sent as that. If it stands for no value, name it under `nulls:` of a CSV file's "
        "`SourceTable`, or write `expr: NULLIF(...)` for the field."
    )
    return Hazard(WarnedCode("null_word"), name, rows, message)


def bare_profiles(rows: int) -> list[Hazard]:
    """`rows`: how many profiles have nothing but their identity."""
    if not rows:
        return []
    message = (
        f"{rows:,} profiles have nothing but their identity. They are sent: CleverTap knows these "
        "people then, and keeps what it has of them. Cut such rows with `where:` if that is not "
        "meant."
    )
    return [Hazard(WarnedCode("profile_bare"), "fields", rows, message)]


def type_drift(before: Mapping[str, str], now: Mapping[str, str]) -> list[Hazard]:
    return [
        Hazard(
            WarnedCode("type_drift"),
            name,
            0,
            f"{name} was sent as {before[name]} and is {type_} now. CleverTap keeps the type it "
            "saw first and drops values of another without a word. Declare `type: "
            f"{before[name]}`, or send it under a new name.",
        )
        for name, type_ in now.items()
        if name in before and type_ != before[name]
    ]


def turned_null(before: Mapping[str, float], now: Mapping[str, float]) -> list[Hazard]:
    return [
        Hazard(
            WarnedCode("turned_null"),
            name,
            0,
            f"{share:.0%} of the rows have no {name}; last time {before[name]:.0%} had none. Has "
            "the source stopped filling it?",
        )
        for name, share in now.items()
        if share > MOSTLY_NULL >= before.get(name, 1.0)
    ]


def _sent_type(dtype: pl.DataType, value: object) -> str:
    if isinstance(dtype, pl.List):
        return "items" if isinstance(dtype.inner, pl.Struct) else "list"
    if isinstance(dtype, pl.Struct):
        return "groups"
    if isinstance(dtype, pl.Boolean):
        return "boolean"
    if isinstance(value, str):
        return "date" if value.startswith("$D_") else "string"
    return "integer" if dtype.is_integer() else "float"
