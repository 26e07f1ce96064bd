"""E-mail addresses and phone numbers."""

from collections.abc import Collection
from typing import TypedDict

import polars as pl

from ct_assets.mapping.convert.conversion import Check, Converted, Steps, Target, mismatch
from ct_assets.mapping.convert.dtypes import is_text, is_whole, trimmed

# RFC 5321, 4.5.3.1: octets of the whole address (a path less its brackets) and of its local part;
# RFC 1035 those of a label.
ADDRESS_BYTES, LOCAL_BYTES, LABEL_BYTES = 254, 64, 63

# RFC 5322 dot-atoms before the @, a host name with a dot after it. Quoted local parts, comments
# and addresses of the form user@[192.0.2.1] are legal, and no mail service takes them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_TOP = r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])"
ASCII = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP}$"

# RFC 6531 and 5890: the same with letters, digits and marks of all scripts.
_WIDE_ATOM = r"[\pL\pM\pN\p{So}\p{Sk}!#$%&'*+/=?^_`{|}~-]+"
_WIDE_LABEL = r"[\pL\pM\p{Nd}](?:[\pL\pM\p{Nd}-]*[\pL\pM\p{Nd}])?"
_WIDE_TOP = r"[\pL](?:[\pL\pM\p{Nd}-]*[\pL\pM\p{Nd}])"
INTERNATIONAL = rf"^{_WIDE_ATOM}(?:\.{_WIDE_ATOM})*@(?:{_WIDE_LABEL}\.)+{_WIDE_TOP}$"
_LONG_LABEL = rf"@(?:.*\.)?[^.]{{{LABEL_BYTES + 1}}}"


def email(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if not is_text(dtype):
        raise mismatch(target, dtype, "an e-mail address is text.")
    address = steps.keep("text", trimmed(source, dtype))
    plain = steps.keep("plain", address.str.contains(ASCII))
    wide = steps.keep("wide", pl.when(~plain).then(address).str.contains(INTERNATIONAL))
    checks = [
        _too_long(address),
        Check(~plain & ~wide, _what_is_wrong(address, "code"), _what_is_wrong(address, "message")),
        *_parts_too_long(address),
    ]
    if not target.international:
        checks.append(Check(wide, *_INTERNATIONAL))
    return steps.checked(address, *checks)


def _too_long(address: pl.Expr) -> Check:
    beyond = address.str.len_bytes() > ADDRESS_BYTES
    return Check(beyond, "email_too_long", f"longer than {ADDRESS_BYTES} bytes")


def _parts_too_long(address: pl.Expr) -> tuple[Check, Check]:
    # Only in an address of this length can a part be too long.
    long = pl.when(address.str.len_bytes() > LABEL_BYTES).then(address)
    local = long.str.split("@").list.first().str.len_bytes() > LOCAL_BYTES
    label = long.str.contains(_LONG_LABEL)
    return (
        Check(local, "email_too_long", f"more than {LOCAL_BYTES} bytes before the @"),
        Check(
            label,
            "email_too_long",
            f"more than {LABEL_BYTES} characters between two dots after the @",
        ),
    )


_INTERNATIONAL = (
    "email_international",
    "has letters beyond ASCII, which this sync does not send (`international: false`)",
)
_FAULTS = (
    (r"[\s\pC]", "email_characters", "has a blank or an invisible character inside"),
    (r"^[^@]*$", "email_no_at", "has no @"),
    (r"@.*@", "email_characters", "has more than one @"),
    (r"^@|@$", "email_part_missing", "has nothing before or nothing after the @"),
    (
        r"^\.|\.\.|\.@|@\.|\.$",
        "email_dots",
        "has a dot out of place: at an end, or two in a row",
    ),
    (r"@[^.]*$", "email_domain", "has no dot after the @: the domain is incomplete"),
    (
        r"@.*[^\pL\pM\p{Nd}.-]|@-|-$|-\.[^@]*$|\.-[^@]*$|\.[^\pL.][^.]*$|\.[^.]$",
        "email_domain",
        "what follows the @ is not a domain",
    ),
)


def _what_is_wrong(address: pl.Expr, wanted: str) -> pl.Expr:
    found = pl.lit(
        "email_characters"
        if wanted == "code"
        else "has a character before the @ that no mail service takes"
    )
    for pattern, code, message in reversed(_FAULTS):
        text = pl.lit(code if wanted == "code" else message)
        found = pl.when(address.str.contains(pattern)).then(text).otherwise(found)
    return found


class _Rules(TypedDict):
    region: str | pl.Expr | None
    accept: Collection[str] | None
    min_digits: int
    max_digits: int


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
    value = steps.keep("e164", judged.struct.field("e164"))
    return steps.checked(
        value,
        Check(
            value.is_null() & text.is_not_null(),
            pl.lit("phone_") + judged.struct.field("reason").cast(pl.String),
            numbering.explain(pl.when(value.is_null()).then(text), **rules),
        ),
    )
