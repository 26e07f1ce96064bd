"""Reads the few words that some fields take, and gives the spelling that CleverTap takes."""

from collections.abc import Mapping

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import PUSH_SERVICES, RESUBSCRIBE, UNSUBSCRIBE, FieldType
from ct_assets.mapping.convert.conversion import (
    Check,
    Converted,
    Steps,
    Target,
    converts_to,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import is_text, trimmed

TRUE = ("true", "yes", "y", "t", "1", "on")
FALSE = ("false", "no", "n", "f", "0", "off")
# Only words that mean one thing in every language they are a word of.
MALE = ("m", "male", "man", "masculine", "masculino", "männlich", "homme", "hombre", "uomo")
FEMALE = ("f", "female", "woman", "feminine", "femenino", "feminino", "weiblich", "femme", "mujer")
EDUCATION = {
    "School": ("school", "high school", "secondary school"),
    "College": ("college",),
    "Graduate": ("graduate",),
}

_NOT_YES_NO = "neither yes nor no: write true or false, yes or no, y or n, 1 or 0"


def either(word: pl.Expr, yes: pl.Expr, no: pl.Expr) -> pl.Expr:
    """One of the two, by a word in lower case; null for other words."""
    return pl.when(word.is_in(TRUE)).then(yes).when(word.is_in(FALSE)).then(no)


@converts_to(FieldType.BOOLEAN)
def boolean(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if isinstance(dtype, pl.Boolean):
        return steps.checked(source)
    answers = (pl.lit(value=True), pl.lit(value=False))
    return _either(source, dtype, target, steps, answers, RejectedCode("boolean_unknown"))


@converts_to(FieldType.YES_NO)
def yes_no(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    answers = (pl.lit("Y"), pl.lit("N"))
    return _either(source, dtype, target, steps, answers, RejectedCode("yes_no_unknown"))


def _either(
    source: pl.Expr,
    dtype: pl.DataType,
    target: Target,
    steps: Steps,
    answers: tuple[pl.Expr, pl.Expr],
    code: RejectedCode,
) -> Converted:
    yes, no = answers
    if isinstance(dtype, pl.Boolean):
        return steps.checked(pl.when(source).then(yes).when(~source).then(no))
    if is_text(dtype):
        word = steps.keep("word", trimmed(source, dtype).str.to_lowercase())
        value = steps.keep("answer", either(word, yes, no))
        return steps.checked(value, _unknown(value, word, code, _NOT_YES_NO))
    if dtype.is_numeric():
        answer = pl.when(source == 1).then(yes).when(source == 0).then(no)
        value = steps.keep("answer", answer)
        return steps.checked(value, _unknown(value, source, code, _NOT_YES_NO))
    raise mismatch(target, dtype, "the field takes true or false.")


@converts_to(FieldType.GENDER)
def gender(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    return _words(
        source,
        dtype,
        target,
        steps,
        {"M": MALE, "F": FEMALE},
        RejectedCode("gender_unknown"),
        "neither male nor female, and the API takes only M and F: leave it out of such rows with "
        "`on_invalid: drop`",
    )


@converts_to(FieldType.EDUCATION)
def education(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    return _words(
        source,
        dtype,
        target,
        steps,
        EDUCATION,
        RejectedCode("education_unknown"),
        "none of School, College and Graduate, and the API takes nothing else: translate it with "
        "`map:`",
    )


@converts_to(FieldType.PUSH_SERVICE)
def push_service(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    return _words(
        source,
        dtype,
        target,
        steps,
        {name: (name,) for name in PUSH_SERVICES},
        RejectedCode("push_service_unknown"),
        f"none of {', '.join(PUSH_SERVICES)}: translate it with `map:`",
    )


@converts_to(FieldType.SUBSCRIPTION)
def subscription(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    code = RejectedCode("subscription_unknown")
    if not is_text(dtype):
        answers = (pl.lit(RESUBSCRIBE), pl.lit(UNSUBSCRIBE))
        return _either(source, dtype, target, steps, answers, code)
    return _words(
        source,
        dtype,
        target,
        steps,
        {
            RESUBSCRIBE: ("resubscribe", "subscribe", "subscribed", *TRUE),
            UNSUBSCRIBE: ("unsubscribe", "unsubscribed", *FALSE),
        },
        code,
        "neither unsubscribe nor resubscribe, yes nor no: translate it with `map:`",
    )


def _words(
    source: pl.Expr,
    dtype: pl.DataType,
    target: Target,
    steps: Steps,
    meanings: Mapping[str, tuple[str, ...]],
    code: RejectedCode,
    message: str,
) -> Converted:
    if not is_text(dtype):
        raise mismatch(target, dtype, "the field takes a word. Make it one with `expr:`.")
    word = steps.keep("word", trimmed(source, dtype).str.to_lowercase())
    value = pl.lit(None, pl.String)
    for meaning, words in meanings.items():
        value = pl.when(word.is_in(words)).then(pl.lit(meaning)).otherwise(value)
    value = steps.keep("answer", value)
    return steps.checked(value, _unknown(value, word, code, message))


def _unknown(value: pl.Expr, given: pl.Expr, code: RejectedCode, message: str) -> Check:
    return Check(value.is_null() & given.is_not_null(), code, message)
