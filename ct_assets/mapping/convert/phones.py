"""Phone numbers become E.164 by libphonenumber's verdict, and by what sources do to them."""

from collections.abc import Collection
from typing import TypedDict

import polars as pl

from ct_assets.clevertap.codes import RejectedCode, WarnedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import (
    Check,
    Converted,
    Doubt,
    Steps,
    Target,
    converts_to,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import is_text, is_whole, trimmed
from ct_assets.mapping.reasons import CodeText, first_text

# 9.19876E+11 is what a spreadsheet makes of a number, 919876543210.0 what a float does.
_REWRITTEN = r"^[+-]?[0-9]+(?:\.0+|(?:[.,][0-9]+)?[eE][+-]?[0-9]+)$"
_DAMAGED = (
    RejectedCode("phone_damaged"),
    "a number that a spreadsheet or a column of floats has rewritten, perhaps with other digits: "
    "take it from where it is text",
)
_DOUBLED = (
    RejectedCode("phone_doubled_code"),
    "begins with the calling code of its region, and is valid with it and with another one before "
    "it: write it with its plus in the source, or declare `doubled_code`",
)
# Of characters that nobody sees, libphonenumber reads over the first ones alone.
_READ_OVER = r"\x20\xA0\xAD\x{200B}\x{2060}\x{3000}"
_INVISIBLE = rf"([[\pC\pZ\x{{FE00}}-\x{{FE0F}}\x{{20E3}}]--[{_READ_OVER}]])"
_SEEN_AS = {
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a line break",
    "\u2009": "the character U+2009 (a thin space)",
    "\u202f": "the character U+202F (a narrow space)",
    "\u200c": "the invisible character U+200C",
    "\u200e": "the invisible character U+200E",
    "\u200f": "the invisible character U+200F",
    "\u202a": "the invisible character U+202A",
    "\u202c": "the invisible character U+202C",
    "\ufe0f": "the invisible character U+FE0F",
}
_WORD = r"[0-9].*[A-Za-z].*[A-Za-z].*[A-Za-z]|[A-Za-z].*[A-Za-z].*[A-Za-z].*[0-9]"


# Letters that hands, and programs that read pictures, write for 0 and 1.
_FOR_DIGIT = r"[0-9][^0-9A-Za-z]*([OolI])|([OolI])[^0-9A-Za-z]*[0-9]"


class _Rules(TypedDict):
    region: str | pl.Expr | None
    accept: Collection[str] | None
    min_digits: int
    max_digits: int


@converts_to(FieldType.PHONE)
def phone(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    # Here, because syncs are bound in runs: code locations seldom load numpy and phonenumbers.
    from ct_assets import phone as numbering

    if not (is_text(dtype) or is_whole(dtype)):
        raise mismatch(target, dtype, "a phone number is text, or its digits as a whole number.")
    text = steps.keep("text", trimmed(source, dtype))
    lowest, highest = target.limits.phone_digits
    rules = _Rules(
        region=target.region, accept=target.accept, min_digits=lowest, max_digits=highest
    )
    judged = steps.keep("judged", numbering.e164(text, **rules))
    e164 = steps.keep("e164", judged.struct.field("e164"))
    # Most numbers are fine as they are: what follows has nothing to do with them.
    status = judged.struct.field("status")
    changed = steps.keep("changed", pl.when(status != "valid_as_is").then(text))
    damaged = changed.str.contains(_REWRITTEN).fill_null(value=False)
    sent, other = e164, None
    if target.region is not None:
        plus = target.doubled_code == "plus"
        other = steps.keep("other", _other_reading(e164, changed, rules, of_refused=plus))
        sent = steps.keep("sent", pl.coalesce(other, e164)) if plus else e164
    checks = [
        *((Check(damaged, *_DAMAGED),) if is_text(dtype) else ()),
        Check(
            sent.is_null() & text.is_not_null(),
            _code(judged.struct.field("reason")),
            _message(pl.when(sent.is_null()).then(text), judged, rules),
        ),
    ]
    if other is None or target.doubled_code == "plus":
        return steps.checked(sent, *checks, plain=True)
    if target.doubled_code == "reject":
        return steps.checked(sent, *checks, Check(other.is_not_null(), *_DOUBLED), plain=True)
    doubt = Doubt(other.is_not_null(), WarnedCode("phone_reading"), _DOUBLED[1])
    return steps.checked(sent, *checks, plain=True).doubted(doubt)


def _other_reading(e164: pl.Expr, text: pl.Expr, rules: _Rules, *, of_refused: bool) -> pl.Expr:
    """Of numbers that break no rule; `of_refused`, of those of a type that is not accepted, too."""
    from ct_assets import phone as numbering

    number = e164
    if of_refused and rules["accept"] is not None:
        refused = pl.when(e164.is_null()).then(text)
        of_any_type = numbering.e164(refused, **_Rules({**rules, "accept": None}))
        number = pl.coalesce(e164, of_any_type.struct.field("e164"))
    region = rules["region"] if isinstance(rules["region"], str) else None
    return numbering.doubled(
        number,
        text,
        region,
        accept=rules["accept"],
        min_digits=rules["min_digits"],
        max_digits=rules["max_digits"],
    )


def _message(text: pl.Expr, judged: pl.Expr, rules: _Rules) -> pl.Expr:
    """`text` is null in rows that have a number."""
    from ct_assets import phone as numbering

    seen = text.str.extract(_INVISIBLE).replace_strict(
        _SEEN_AS, default="an invisible character", return_dtype=pl.String
    )
    explained = numbering.explain(text, **rules)
    reason = judged.struct.field("reason").cast(pl.String)
    bare = pl.when(~text.str.contains("+", literal=True)).then(text)
    with_plus = numbering.is_e164(pl.lit("+") + bare.str.replace_all("[^0-9]", ""))
    invisible = pl.lit("has ") + seen + pl.lit(" inside: take it out in the source")
    for_digit = pl.coalesce(text.str.extract(_FOR_DIGIT, 1), text.str.extract(_FOR_DIGIT, 2))
    digit = for_digit.replace_strict({"O": "0", "o": "0"}, default="1", return_dtype=pl.String)
    letters = pl.lit("has letters, which count as digits, as on the keys of a phone: ")
    corrigible = pl.when(~reason.is_in(_SAID)).then(pl.lit("; correct it in the source"))
    return first_text(
        [
            (text.str.contains(_INVISIBLE), invisible),
            (with_plus & (reason == "no_region"), _PLUS_MISSING),
            (
                for_digit.is_not_null() & ~text.str.contains(_WORD),
                pl.format(
                    "has the letter {} among its digits: if {} is meant, write that",
                    for_digit,
                    digit,
                ),
            ),
            (
                text.str.contains(_WORD) & (reason != "no_region"),
                letters + explained + pl.lit("; take words out of it"),
            ),
            (
                with_plus,
                explained + pl.lit("; with a plus before it is valid: is that missing?"),
            ),
        ],
        explained + corrigible.otherwise(pl.lit("")),
    )


# Of these the text of `phone` says what to do.
_SAID = (
    "no_region",
    "unknown_region",
    "type_not_accepted",
    "below_min_digits",
    "above_max_digits",
)
_PLUS_MISSING = (
    "valid with a plus, which is missing before its country code: write it in the source, or with "
    "`template: '+{...}'`"
)


def _code(reason: pl.Expr) -> CodeText:
    # There is a RejectedCode for every reason of `phone`; a test says so.
    return CodeText(pl.lit("phone_") + reason.cast(pl.String))
