"""Describes what a check of `ct-assets doctor` found: one line, with a fix where it failed."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    name: str
    status: Literal["ok", "note", "failed"]
    found: str
    fix: str = ""


def ok(name: str, found: str) -> Finding:
    return Finding(name, "ok", found)


def note(name: str, found: str) -> Finding:
    """A finding that needs no fix but is worth knowing."""
    return Finding(name, "note", found)


def failed(name: str, found: object, fix: str) -> Finding:
    return Finding(name, "failed", str(found), fix)
