"""CsvSettings say how a CSV file is written, where its own text does not tell."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ct_assets.errors import closest

_WORDS: Mapping[str, str] = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
NO_QUOTE = "none"
_USUAL = "utf-8 utf-16 windows-1252 windows-1250 windows-1251 iso-8859-1 iso-8859-15 cp437 cp850"


@dataclass(frozen=True)
class CsvSettings:
    encoding: str | None = None
    separator: str | None = None
    quote: str | None = None
    """Around values; `none` where no value is in quotes."""
    escape: str | None = None
    nulls: tuple[str, ...] = ()
    skip: int = 0
    """Lines before the header."""

    @property
    def quotes(self) -> str | None:
        """The character around values; None where a quote is a character like others."""
        return None if self.quote in ("", NO_QUOTE) else self.quote or '"'

    @property
    def sign(self) -> str | None:
        """The separator as a character; None where the header tells it."""
        return _WORDS.get(self.separator or "", self.separator)

    @property
    def escapes(self) -> str | None:
        """The character before a quote, a separator or itself; None where quotes are doubled."""
        return None if self.escape in (None, "", self.quotes) else self.escape

    @property
    def recoded(self) -> str | None:
        """The encoding, unless it is UTF-8."""
        if self.encoding is None or codecs.lookup(self.encoding).name in ("utf-8", "ascii"):
            return None
        return self.encoding

    def problems(self) -> Iterator[tuple[str, str]]:
        """Settings that cannot be, each with what to write instead."""
        if self.encoding is not None and not _is_encoding(self.encoding):
            hint = closest(self.encoding, _USUAL.split())
            yield "encoding", f"{self.encoding!r} is no encoding{hint or '.'} {_ENCODINGS}"
        for name, sign in (
            ("separator", self.sign),
            ("quote", self.quotes),
            ("escape", self.escape),
        ):
            if sign and (len(sign.encode()) != 1 or sign in "\r\n"):
                yield name, f"{sign!r} must be one character of ASCII, such as {_SUCH_AS[name]}."
        if self.separator == "":
            yield "separator", "is empty. Leave it out, and the header tells it."
        if self.sign and self.sign in (self.quotes, self.escapes):
            yield "separator", f"{self.separator!r} has another meaning here, too. Keep one."


_SUCH_AS: Mapping[str, str] = {"separator": "';' or tab", "quote": "'\"' or none", "escape": "'\\'"}
_ENCODINGS = "Write one such as windows-1252, iso-8859-15 or utf-16."


def _is_encoding(name: str) -> bool:
    try:
        return "\n".encode(name).decode(name) == "\n"
    except (LookupError, UnicodeError, ValueError):
        return False
