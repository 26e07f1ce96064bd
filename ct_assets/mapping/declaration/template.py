"""Templates make one text of several columns: `{FirstName|there} {LastName}`."""

import re
from dataclasses import dataclass

import polars as pl

from ct_assets.mapping.convert.dtypes import BLANKS

_PART = re.compile(r"\{\{|\}\}|\{(?P<column>[^{}|]+)(?:\|(?P<default>[^{}]*))?\}|[{}]|[^{}]+")


@dataclass(frozen=True)
class Slot:
    column: str
    default: str | None
    """Text in place of a column that is null or blank; without one a null makes the whole text
    null."""


class TemplateError(ValueError):
    """A template that cannot be read; the message says what to write."""


def parts(template: str) -> list[str | Slot]:
    pieces: list[str | Slot] = []
    for match in _PART.finditer(template):
        text = match.group()
        if column := match.group("column"):
            pieces.append(Slot(column.strip(), match.group("default")))
        elif text in ("{{", "}}"):
            pieces.append(text[0])
        elif text in ("{", "}"):
            raise TemplateError(
                f"has a {text} that belongs to no column. Write {{Column}} or {{Column|default}} "
                f"for a column."
            )
        else:
            pieces.append(text)
    if not any(isinstance(part, Slot) for part in pieces):
        raise TemplateError("names no column. Write {Column}, or use `value:` for a constant.")
    return pieces


def columns(template: str) -> set[str]:
    return {part.column for part in parts(template) if isinstance(part, Slot)}


def expression(template: str, text_of: dict[str, pl.Expr]) -> pl.Expr:
    """Outer blanks are cut, and nothing is left of a text that has only those.

    `text_of` gives each column as text.
    """
    pieces = [_piece(part, text_of) for part in parts(template)]
    text = pl.concat_str(pieces).str.strip_chars(BLANKS)
    return pl.when(text != "").then(text)


def _piece(part: str | Slot, text_of: dict[str, pl.Expr]) -> pl.Expr:
    if isinstance(part, str):
        return pl.lit(part)
    text = text_of[part.column]
    if part.default is None:
        return text
    return pl.when(text.str.strip_chars(BLANKS) != "").then(text).otherwise(pl.lit(part.default))
