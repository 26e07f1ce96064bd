"""Text goes as it is; identities and names of events that a column gives are checked."""

from collections.abc import Collection
from string import punctuation

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.contract import (
    FORBIDDEN_CHARACTERS,
    OBJECT_ID_CHARACTERS,
    RESERVED_PREFIX,
)
from ct_assets.clevertap.fields import CHARGED, FieldType
from ct_assets.mapping.convert.conversion import (
    NOT_FINITE,
    OUTSIDE,
    Check,
    Converted,
    Steps,
    Target,
    converts_to,
    counted,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import in_calendar, is_text, is_whole, text, trimmed
from ct_assets.mapping.convert.names import RESERVED_EVENT_KEYS

# Control characters and all blanks but the plain one.
_INVISIBLE = r"[[\pC\pZ]--\x20]"

# What is no letter and no digit, on keyboards and where text was damaged.
_SIGNS = punctuation + " –—−‐‑·•…¿¡«»“”‘’„‚´¨¯°§¶\u115f\u1160\u2800\u3164\ufffc\ufffd"

_ZEROS = {zeros + places for places in ("", ".0", ".00", ",0", ",00")
          for zeros in ("0" * digits for digits in range(1, 16))}  # fmt: skip
REWRITTEN_WHOLE = r"^-?\d+\.0$|^-?\d(\.\d+)?[eE]\+\d+$"

DAMAGED = (
    RejectedCode("identity_damaged"),
    "a whole number that a spreadsheet or a column of floats has changed: take it as text, or as "
    "an integer, from where it comes",
)

# How CleverTap marks a date inside a JSON string; no other text may begin so.
DATE_MARK = "$D_"


def too_long(value: pl.Expr, limit: int) -> Check:
    length = value.str.len_bytes()
    return Check(
        length > limit,
        RejectedCode("text_too_long"),
        counted(length, f"bytes of UTF-8, and CleverTap takes {limit}: shorten it with `expr:`"),
    )


@converts_to(FieldType.STRING)
def string(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    value = written(source, dtype, target)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        value = steps.keep("text", value)
    if dtype.is_float():
        return steps.checked(value, Check(~source.is_finite(), *NOT_FINITE))
    if isinstance(dtype, pl.Date | pl.Datetime):
        value = steps.keep("text", value)
        return steps.checked(value, Check(value.is_null() & source.is_not_null(), *OUTSIDE))
    if not is_text(dtype):
        return steps.checked(value)
    return steps.checked(
        value,
        too_long(value, target.limits.value_bytes),
        Check(
            value.str.starts_with(DATE_MARK),
            RejectedCode("text_looks_like_date"),
            f"begins with {DATE_MARK}, by which CleverTap knows a date: "
            + ("make it a date in the source's SQL" if target.inside else "declare `type: date`")
            + " if it is one",
        ),
    )


def written(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    if is_text(dtype) or dtype.is_numeric() or isinstance(dtype, pl.Boolean | pl.Time):
        return text(source, dtype)
    if isinstance(dtype, pl.Date | pl.Datetime):
        return in_calendar(source, dtype).dt.to_string("iso:strict")
    raise mismatch(target, dtype, "the field takes text: make it text with `expr:`.")


@converts_to(FieldType.PUSH_TOKEN)
def push_token(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """Of any length: CleverTap names none, and those of FCM are said to have up to 4 KB."""
    if not is_text(dtype):
        raise mismatch(target, dtype, "the field takes text: make it text with `expr:`.")
    value = steps.keep("text", trimmed(source, dtype))
    broken = value.str.contains(rf"{_INVISIBLE}|\x20")
    message = "has blanks or invisible characters inside, so it is no token: mend it in the source"
    return steps.checked(value, Check(broken, RejectedCode("push_token_broken"), message))


_OWN_IDS = "ids of your own belong under `identity`"


@converts_to(FieldType.IDENTITY)
def identity(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    value = steps.keep("text", _identifier(source, dtype, target))
    limit = target.limits.identity_bytes
    return steps.checked(
        value,
        _junk(value, target.junk, steps),
        _damaged(value),
        Check(
            value.str.len_bytes() > limit,
            RejectedCode("identity_too_long"),
            f"longer than the {limit} bytes that an identity may have: identify people by "
            "something shorter",
        ),
    )


@converts_to(FieldType.OBJECT_ID)
def object_id(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    value = steps.keep("text", _identifier(source, dtype, target))
    limit = target.limits.object_id_length
    allowed = "".join(f"\\{c}" for c in OBJECT_ID_CHARACTERS)
    return steps.checked(
        value,
        _junk(value, target.junk, steps),
        Check(
            value.str.len_bytes() > limit,
            RejectedCode("identity_too_long"),
            f"longer than the {limit} characters of a CleverTap ID: {_OWN_IDS}",
        ),
        Check(
            ~value.str.contains(f"^[A-Za-z0-9{allowed}]*$"),
            RejectedCode("object_id_characters"),
            f"not a CleverTap ID, which has letters, digits and {OBJECT_ID_CHARACTERS} only: "
            f"{_OWN_IDS}",
        ),
    )


def _identifier(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    if not (is_text(dtype) or is_whole(dtype) or isinstance(dtype, pl.Null)):
        raise mismatch(
            target, dtype, "an identity is text or a whole number. Make it one in the source."
        )
    return trimmed(source, dtype)


def _junk(value: pl.Expr, junk: Collection[str], steps: Steps) -> Check:
    """Words of the list, however they are spelled.

    A list with `-` means what has signs alone, and one with `0` all ways to write it.
    """
    folded = {word.lower() for word in junk}
    letters = {word for word in folded if word != word.upper()}
    zeros = _ZEROS if "0" in folded else set()
    others = folded - letters | zeros
    told = {*letters, *others}
    digits = "".join(digit for digit in "123456789" if not any(digit in word for word in told))
    # Nearly every identity has a digit that none of the words has: it need not be folded.
    doubtful = pl.when(~value.str.contains(f"[{digits}]")).then(value) if digits else value
    doubtful = steps.keep("doubtful", doubtful)
    longest = max([len(f"({word})".encode()) for word in letters], default=8)
    short = pl.when(doubtful.str.len_bytes() <= longest).then(doubtful)
    bare = steps.keep("bare", _bare(doubtful, longest))
    words = {word for word in letters | zeros if word == word.strip(_SIGNS)}
    nothing = bare.str.len_bytes() == 0
    return Check(
        short.str.to_lowercase().is_in(sorted(letters))
        | doubtful.is_in(sorted(others))
        | bare.is_in(sorted(words))
        | (nothing if "-" in folded else pl.lit(value=False)),
        RejectedCode("identity_junk"),
        "a stand-in for a missing value (null, na, 0, -1, nan ...): all rows that have it would "
        "end up in one profile. Cut such rows with `where:`; `junk_identities` of the sync lists "
        "these values",
    )


def _bare(value: pl.Expr, longest: int) -> pl.Expr:
    """In lower case, without the signs around it, what is short and has those or is not ASCII."""
    size = value.str.len_bytes()
    signs = value.str.strip_chars(_SIGNS).str.len_bytes() != size
    odd = pl.when((size <= longest) & (signs | (value.str.len_chars() != size))).then(value)
    plain = odd.str.normalize("NFKC").str.replace_all(r"\pC", "").str.to_lowercase()
    return plain.str.strip_chars(_SIGNS)


def _damaged(value: pl.Expr) -> Check:
    """Whole numbers that were kept as floats: 1.2E+15 stands for many, 7.0 for the 7 elsewhere."""
    return Check(value.str.contains(REWRITTEN_WHOLE), *DAMAGED)


@converts_to(FieldType.EVENT_NAME)
def event_name(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if not is_text(dtype):
        raise mismatch(target, dtype, "the name of an event is text.")
    value = steps.keep("text", trimmed(source, dtype))
    limit = target.limits.event_name_bytes
    key = value.str.replace_all(" ", "", literal=True).str.to_lowercase()
    return steps.checked(
        value,
        Check(
            key.is_in(sorted(RESERVED_EVENT_KEYS)) | key.str.starts_with(RESERVED_PREFIX),
            RejectedCode("event_name_reserved"),
            "only CleverTap raises events of this name: choose another",
        ),
        Check(
            (key == CHARGED.lower()) & (value != CHARGED),
            RejectedCode("event_name_charged"),
            f"CleverTap's event of a purchase is written {CHARGED}: write it so",
        ),
        Check(
            value.str.contains_any(list(FORBIDDEN_CHARACTERS)) | value.str.contains(_INVISIBLE),
            RejectedCode("event_name_characters"),
            f"has a control character or one of {FORBIDDEN_CHARACTERS}, which names may not have: "
            "replace it in the source, or with `expr:`",
        ),
        Check(
            value.str.len_bytes() > limit,
            RejectedCode("event_name_too_long"),
            f"longer than the {limit} bytes that the name of an event may have: shorten it in the "
            "source",
        ),
    )
