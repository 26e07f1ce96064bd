"""Checks `profileData` in CleverTap's order, and rewrites the echo of a refused record."""

import re
from collections.abc import Callable

from ct_assets.clevertap.fields import EDUCATIONS, GENDERS, YES_NO
from ct_assets.sandbox.json_types import Json, Record
from ct_assets.sandbox.judge import refusal_texts
from ct_assets.sandbox.sandbox_settings import Settings

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")
_DIGITS = {"strict": re.compile(r"\+[0-9]{8,15}"), "lenient": re.compile(r"\+[0-9]{5,15}")}

_AFTER_PHONE = (
    refusal_texts.EMPLOYED,
    refusal_texts.EDUCATION,
    refusal_texts.MARRIED,
    refusal_texts.AGE,
)


class ProfileChecks:
    """The checks of one account's settings, in CleverTap's order."""

    def __init__(self, settings: Settings) -> None:
        self._phone = _DIGITS[settings.phone_check]
        self._checks: tuple[tuple[str, Callable[[Json], bool], refusal_texts.RefusalText], ...] = (
            ("Gender", lambda v: v in GENDERS, refusal_texts.GENDER),
            ("Email", is_email, refusal_texts.EMAIL),
            ("Phone", self.is_phone, refusal_texts.PHONE),
            ("Employed", lambda v: v in YES_NO, refusal_texts.EMPLOYED),
            ("Education", lambda v: v in EDUCATIONS, refusal_texts.EDUCATION),
            ("Married", lambda v: v in YES_NO, refusal_texts.MARRIED),
            ("Age", is_age, refusal_texts.AGE),
        )

    def first_failure(self, data: Record) -> refusal_texts.RefusalText | None:
        for field, holds, refusal in self._checks:
            value = data.get(field)
            if value is not None and not holds(value) and not is_deletion(value):
                return refusal
        return None

    def is_phone(self, value: object) -> bool:
        return isinstance(value, str) and self._phone.fullmatch(value) is not None


def echo(record: Record, refusal: refusal_texts.RefusalText) -> Record:
    """The record as CleverTap gives it back: rewritten as far as its checks had come."""
    if refusal not in _AFTER_PHONE:
        return record
    data = dict(record["profileData"])
    if isinstance(data.get("Phone"), str):
        data["Phone"] = int(data["Phone"])
    if refusal is refusal_texts.AGE and isinstance(data.get("identity"), int):
        data["identity"] = str(data["identity"])
    return {**record, "profileData": data}


def is_email(value: object) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def is_age(value: object) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_deletion(value: object) -> bool:
    return isinstance(value, dict) and tuple(value) == ("$delete",)
