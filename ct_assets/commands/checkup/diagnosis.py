"""Describes what a check of `ct-assets doctor` found: one line, with a fix where it failed."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Diagnosis:
    name: str
    status: Literal["ok", "note", "failed"]
    found: str
    fix: str = ""


def ok(name: str, found: str) -> Diagnosis:
    return Diagnosis(name, "ok", found)


def note(name: str, found: str) -> Diagnosis:
    """A finding that needs no fix but is worth knowing."""
    return Diagnosis(name, "note", found)


def failed(name: str, found: object, fix: str) -> Diagnosis:
    return Diagnosis(name, "failed", str(found), fix)
