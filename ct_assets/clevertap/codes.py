"""What every code means that a person may meet: ours, CleverTap's and HTTP's."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Literal, get_args

from ct_assets.errors import UserError, closest

Kind = Literal["rejected", "warned", "held", "refused", "http"]


class UnknownCodeError(UserError):
    """The catalogue has no such code."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One code: `refused` is CleverTap's word on a record; all but `http` besides are ours."""

    code: str
    kind: Kind
    title: str
    cause: str
    fix: str
    transient: bool = False
    """Whether the same request may succeed later."""


def explain(code: str | int) -> Entry:
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


@functools.cache
def entries() -> Mapping[str, Entry]:
    """All codes, in the order in which they are listed for people."""
    source = resources.files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(source)
    kinds: tuple[Kind, ...] = get_args(Kind)
    return {
        code: Entry(code=code, kind=kind, **entry)
        for kind in kinds
        for code, entry in tables[kind].items()
    }
