"""Codes have their meanings in codes.toml: ours, CleverTap's and HTTP's.

A reason of ours takes a `RejectedCode`, a `WarnedCode` or a `HeldCode`, and none of them can be
made without an entry there.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import ClassVar, Literal, Self, get_args

from ct_assets.errors import UserError, closest

Kind = Literal["rejected", "warned", "held", "refused", "http"]


class UnknownCodeError(UserError):
    """The catalogue has no such code."""


@dataclass(frozen=True, kw_only=True)
class CodeEntry:
    """Meaning of one code: CleverTap gives the `refused` ones; all others but `http` are ours."""

    code: str
    kind: Kind
    title: str
    cause: str
    fix: str
    transient: bool = False
    """Whether the same request may succeed later."""


def explain(code: str | int) -> CodeEntry:
    """The entry of a code such as `email_domain`, 515 or 429, or else that of its hundred.

    Raises:
        UnknownCodeError: Names the closest code there is.
    """
    text = str(code).strip()
    hundred = f"{text[:1]}xx" if re.fullmatch(r"[1-9][0-9]{2}", text) else ""
    entry = entries().get(text) or entries().get(hundred)
    if entry is None:
        hint = closest(text, list(entries()))
        raise UnknownCodeError(f"There is no code {text!r}{hint or '.'}")
    return replace(entry, code=text)


def title(code: str | int) -> str:
    """Says in a few words what a code of CleverTap means, also where nobody published it."""
    try:
        return explain(code).title
    except UnknownCodeError:
        return "a code that CleverTap does not publish"


@functools.cache
def entries() -> Mapping[str, CodeEntry]:
    """All codes, in the order in which they are listed for people."""
    source = resources.files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(source)
    kinds: tuple[Kind, ...] = get_args(Kind)
    return {
        code: CodeEntry(code=code, kind=kind, **entry)
        for kind in kinds
        for code, entry in tables[kind].items()
    }


class _OwnCode(str):
    """Text that is a key of its kind's table in codes.toml, and cannot be anything else."""

    kind: ClassVar[Kind]

    def __new__(cls, code: str) -> Self:
        entry = entries().get(code)
        if entry is None or entry.kind != cls.kind:
            raise ValueError(f"codes.toml has no entry [{cls.kind}.{code}]: write one")
        return super().__new__(cls, code)


class RejectedCode(_OwnCode):
    """Why a row is not sent, or goes without a field that is declared `on_invalid: drop`."""

    kind = "rejected"


class WarnedCode(_OwnCode):
    """Doubt about a whole snapshot; nothing is rejected for it."""

    kind = "warned"


class HeldCode(_OwnCode):
    """Why a delivery leaves a valid row out."""

    kind = "held"


PARKED = HeldCode("parked")
DISCARDED = HeldCode("discarded")
REFUSED = HeldCode("refused")
FORGOTTEN = HeldCode("forgotten")
BEFORE_FROM_NOW = HeldCode("before_from_now")
LIMIT = HeldCode("limit")
NOT_THERE = HeldCode("not_there")
THERE_ALREADY = HeldCode("there_already")
FILLED_ALREADY = HeldCode("filled_already")
UNACKNOWLEDGED = HeldCode("unacknowledged")
