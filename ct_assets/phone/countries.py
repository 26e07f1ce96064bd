"""Knows the English names and ISO 3166 codes of countries, as data sources write them."""

import functools
import re
import unicodedata
from importlib import resources

_SPELLED_OUT = {"st": "saint", "rep": "republic", "dem": "democratic"}


def country_code(text: str) -> str | None:
    """The ISO 3166 alpha-2 code of a country given by code or English name; None when unknown.

    >>> [country_code(text) for text in ("USA", "in", "Côte d’Ivoire", "Congo")]
    ['US', 'IN', 'CI', None]

    A name that two countries share ("Congo", "Korea") is unknown, never guessed.
    """
    return _codes().get(text.strip().casefold()) or _by_name().get(_folded(text))


def country_name(code: str) -> str:
    """The usual English name of a country, or the code itself when it has none."""
    return _names().get(code, code)


def _folded(name: str) -> str:
    """A name without case, accents, punctuation and articles, common abbreviations spelled out."""
    decomposed = unicodedata.normalize("NFKD", name).casefold().replace("&", " and ")
    letters = "".join(c for c in decomposed if not unicodedata.combining(c) and c not in ".'’")
    words = (_SPELLED_OUT.get(word, word) for word in re.findall(r"\w+", letters))
    return " ".join(word for word in words if word != "the")


@functools.cache
def _table() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    text = resources.files(__package__).joinpath("countries.txt").read_text(encoding="utf-8")
    lines = (line.split(" ", 2) for line in text.splitlines())
    return tuple((alpha2, alpha3, tuple(names.split("; "))) for alpha2, alpha3, names in lines)


@functools.cache
def _codes() -> dict[str, str]:
    return {code.casefold(): a2 for a2, a3, _ in _table() for code in (a2, a3)}


@functools.cache
def _by_name() -> dict[str, str]:
    return {_folded(name): alpha2 for alpha2, _, names in _table() for name in names}


@functools.cache
def _names() -> dict[str, str]:
    return {alpha2: names[0] for alpha2, _, names in _table()}


def known_names() -> list[str]:
    """The usual name of every country, for hints."""
    return list(_names().values())
