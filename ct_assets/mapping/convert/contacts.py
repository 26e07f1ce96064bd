"""Checks e-mail addresses as the services that take them would."""

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import (
    Check,
    Converted,
    Steps,
    Target,
    converts_to,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import is_text, trimmed
from ct_assets.mapping.reasons import CodeText, first_code, first_text

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


@converts_to(FieldType.EMAIL)
def email(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    if not is_text(dtype):
        raise mismatch(target, dtype, "an e-mail address is text.")
    address = steps.keep("text", trimmed(source, dtype))
    plain = steps.keep("plain", address.str.contains(ASCII))
    wide = steps.keep("wide", pl.when(~plain).then(address).str.contains(INTERNATIONAL))
    checks = [
        _too_long(address),
        Check(~plain & ~wide, *_fault(address)),
        *_parts_too_long(address),
    ]
    if not target.international:
        checks.append(Check(wide, *_INTERNATIONAL))
    return steps.checked(address, *checks, plain=True)


def _too_long(address: pl.Expr) -> Check:
    beyond = address.str.len_bytes() > ADDRESS_BYTES
    return Check(beyond, _TOO_LONG, f"longer than {ADDRESS_BYTES} bytes{_CORRECT}")


def _parts_too_long(address: pl.Expr) -> tuple[Check, Check]:
    # Only in an address of this length can a part be too long.
    long = pl.when(address.str.len_bytes() > LABEL_BYTES).then(address)
    local = long.str.split("@").list.first().str.len_bytes() > LOCAL_BYTES
    label = long.str.contains(_LONG_LABEL)
    return (
        Check(local, _TOO_LONG, f"more than {LOCAL_BYTES} bytes before the @{_CORRECT}"),
        Check(
            label,
            _TOO_LONG,
            f"more than {LABEL_BYTES} characters between two dots after the @{_CORRECT}",
        ),
    )


_TOO_LONG = RejectedCode("email_too_long")
_CORRECT = ": correct it in the source"
_INTERNATIONAL = (
    RejectedCode("email_international"),
    "has letters beyond ASCII, and the field declares `international: false`: take that away to "
    "send such addresses",
)
_FAULTS = (
    (r"[\s\pC]", RejectedCode("email_characters"), "has a blank or an invisible character inside"),
    (r"^[^@]*$", RejectedCode("email_no_at"), "has no @"),
    (r"@.*@", RejectedCode("email_characters"), "has more than one @"),
    (r"^@|@$", RejectedCode("email_part_missing"), "has nothing before or nothing after the @"),
    (
        r"^\.|\.\.|\.@|@\.|\.$",
        RejectedCode("email_dots"),
        "has a dot at an end of a part, or two in a row",
    ),
    (
        r"@[^.]*$",
        RejectedCode("email_domain"),
        "has no dot after the @, so its domain is incomplete",
    ),
    (
        r"@.*[^\pL\pM\p{Nd}.-]|@-|-$|-\.[^@]*$|\.-[^@]*$|\.[^\pL.][^.]*$|\.[^.]$",
        RejectedCode("email_domain"),
        "has something other than a domain after the @",
    ),
)


def _fault(address: pl.Expr) -> tuple[CodeText, pl.Expr]:
    """Code and message of an address that is none."""
    faults = [(address.str.contains(pattern), code, message) for pattern, code, message in _FAULTS]
    return (
        first_code([(f, code) for f, code, _ in faults], RejectedCode("email_characters")),
        first_text(
            [(f, message + _CORRECT) for f, _, message in faults],
            f"has a character before the @ that no mail service takes{_CORRECT}",
        ),
    )
