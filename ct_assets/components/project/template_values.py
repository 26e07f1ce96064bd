"""Fills in `{{ env.X }}` and such in a declaration; problems name their place in it."""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ct_assets.errors import UserError
from ct_assets.mapping.declaration.problems import Path, Problem

if TYPE_CHECKING:
    from jinja2.nativetypes import NativeEnvironment

_MARKS = re.compile(r"\{\{|\{%")
_VARIABLE = re.compile(r"\{\{\s*env\.(\w+)\s*\}\}")


@dataclass
class Filler:
    scope: Mapping[str, Any]
    """The names that templates may use, from Dagster: `env`, `dg`, a project's own variables."""
    problems: list[Problem] = field(default_factory=list)

    def fill(self, written: object, path: Path = ()) -> Any:  # noqa: ANN401 - any YAML
        if isinstance(written, dict):
            return {key: self.fill(value, (*path, key)) for key, value in written.items()}
        if isinstance(written, list):
            return [self.fill(value, (*path, place)) for place, value in enumerate(written)]
        if isinstance(written, str) and _MARKS.search(written):
            return self._rendered(written, path)
        return written

    def _rendered(self, text: str, path: Path) -> object:
        try:
            value = _jinja().from_string(text).render(self.scope)
        except Exception as error:  # an author's expression may raise anything
            self.problems.append(Problem(path, f"{text} cannot be filled in: {_why(error)}"))
            return text
        unset = [name for name in _VARIABLE.findall(text) if name not in os.environ]
        if unset or value is None:
            names = ", ".join(unset) or text
            self.problems.append(Problem(path, f"{names} is not set; set it in the environment."))
            return text
        return value


@functools.cache
def _jinja() -> "NativeEnvironment":
    # Dagster's own resolving names the wrong line, takes an unknown name inside a text for an empty
    # one, and makes numbers of texts that stand in quotes.
    from jinja2 import StrictUndefined  # here, since most declarations have no template
    from jinja2.nativetypes import NativeEnvironment

    return NativeEnvironment(undefined=StrictUndefined, autoescape=False)


def filled_url(written: str, scope: Mapping[str, Any]) -> str:
    """A URL as it is now in the environment; no message has any of it.

    Raises:
        UserError: A variable is not set, which the message names, or it is no template.
    """
    unset = [name for name in _VARIABLE.findall(written) if not os.environ.get(name)]
    if unset:
        raise UserError(f"{', '.join(unset)} is not set; set it in the environment of the runs")
    filler = Filler(scope)
    filled = filler.fill(written)
    if filler.problems:
        raise UserError('its url cannot be filled in; write it as "{{ env.SHOP_URL }}"')
    return str(filled)


def _why(error: Exception) -> str:
    from jinja2 import TemplateSyntaxError, UndefinedError

    reason = (str(error).strip() or type(error).__name__).splitlines()[-1].rstrip(".")
    if isinstance(error, UndefinedError):
        return f"{reason}. A column in a `template` is written with single braces: {{Column}}."
    if isinstance(error, TemplateSyntaxError):
        return f"{reason}. It is written {{{{ env.NAME }}}}."
    return f"{reason}."
