"""English names and ISO 3166 codes of countries, as data sources write them."""

import functools
import unicodedata
from importlib import resources


def country_code(text: str) -> str | None:
    """The ISO 3166 alpha-2 code of a country given by code or English name; None when unknown.

    >>> [country_code(text) for text in ("USA", "in", "Côte d’Ivoire", "Congo")]
    ['US', 'IN', 'CI', None]

    A name that two countries share ("Congo", "Korea") is unknown, never guessed.
    """
    return _codes().get(_folded(text))


def country_name(code: str) -> str:
    """The usual English name of a country, or the code itself when it has none."""
    return _names().get(code, code)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).replace("’", "'")
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(letters.casefold().split())


@functools.cache
def _table() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    text = resources.files(__package__).joinpath("countries.txt").read_text(encoding="utf-8")
    lines = (line.split(" ", 2) for line in text.splitlines())
    return tuple((alpha2, alpha3, tuple(names.split("; "))) for alpha2, alpha3, names in lines)


@functools.cache
def _codes() -> dict[str, str]:
    return {_folded(key): a2 for a2, a3, names in _table() for key in (a2, a3, *names)}


@functools.cache
def _names() -> dict[str, str]:
    return {alpha2: names[0] for alpha2, _, names in _table()}


def known_names() -> list[str]:
    """The usual name of every country, for hints."""
    return list(_names().values())
