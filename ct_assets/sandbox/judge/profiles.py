"""The checks of `profileData`, in CleverTap's order, and what a refusal echoes."""

import re
from collections.abc import Callable

from ct_assets.clevertap.contract import EDUCATIONS, GENDERS, YES_NO
from ct_assets.sandbox.judge import texts
from ct_assets.sandbox.settings import Settings
from ct_assets.sandbox.values import Json, Record

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")
_DIGITS = {"strict": re.compile(r"\+[0-9]{8,15}"), "lenient": re.compile(r"\+[0-9]{5,15}")}

_AFTER_PHONE = (texts.EMPLOYED, texts.EDUCATION, texts.MARRIED, texts.AGE)


class ProfileChecks:
    """Email and phone are told apart from the rest, since a good phone is rewritten in the echo."""

    def __init__(self, settings: Settings) -> None:
        self._phone = _DIGITS[settings.phone_check]
        self._checks: tuple[tuple[str, Callable[[Json], bool], texts.Refusal], ...] = (
            ("Gender", lambda v: v in GENDERS, texts.GENDER),
            ("Email", is_email, texts.EMAIL),
            ("Phone", self.is_phone, texts.PHONE),
            ("Employed", lambda v: v in YES_NO, texts.EMPLOYED),
            ("Education", lambda v: v in EDUCATIONS, texts.EDUCATION),
            ("Married", lambda v: v in YES_NO, texts.MARRIED),
            ("Age", is_age, texts.AGE),
        )

    def first_failure(self, data: Record) -> texts.Refusal | None:
        for field, holds, refusal in self._checks:
            value = data.get(field)
            if value is not None and not holds(value) and not is_deletion(value):
                return refusal
        return None

    def is_phone(self, value: object) -> bool:
        return isinstance(value, str) and self._phone.fullmatch(value) is not None


def echo(record: Record, refusal: texts.Refusal) -> Record:
    """The record as CleverTap gives it back: rewritten as far as its checks had come."""
    if refusal not in _AFTER_PHONE:
        return record
    data = dict(record["profileData"])
    if isinstance(data.get("Phone"), str):
        data["Phone"] = int(data["Phone"])
    if refusal is texts.AGE and isinstance(data.get("identity"), int):
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
