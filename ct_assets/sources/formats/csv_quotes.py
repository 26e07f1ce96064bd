"""Quotes of a CSV file are checked by where they stand: polars drops those that are out of place.

A quote that opens a value stands behind a separator or a line end, one that closes it before one,
and two in a row inside a value stand for one. All that is told by the byte beside each, so that a
file is checked at the speed of reading it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from ct_assets.sources.formats.text_file import line_at, line_of, opened

_PIECE = 1 << 22
_BOM = b"\xef\xbb\xbf"
_CRCRLF = b"\r\r\n"

Bytes = npt.NDArray[np.uint8]


class Misplaced(NamedTuple):
    """What cannot be read as it is, and where."""

    position: int
    """The byte of the file."""
    why: str


def misplaced(
    files: Sequence[Path], *, separator: str, quote: str | None, skip: int = 0
) -> str | None:
    """The first quote out of place in the files, or line end of three characters; and the line."""
    for file in files:
        with opened(file) as text:
            found = _Quotes(text, separator, quote, skip).first()
        if found is not None:
            return f"{line_of(line_at(file, found.position), file, files)} {found.why}"
    return None


class _Quotes:
    """Reads one text in pieces, and carries from one to the next what the next needs."""

    def __init__(self, text: BinaryIO, separator: str, quote: str | None, skip: int) -> None:
        for _ in range(skip):
            text.readline()
        self._text = text
        self._quote = ord(quote) if quote else None
        self._separator = ord(separator)
        self._ends = np.zeros(256, np.bool_)
        self._ends[[ord(separator), *b"\r\n", *quote.encode()] if quote else [*b"\r\n"]] = True
        self._at = text.tell()
        self._seen = 0
        """Quotes so far: of an odd number of them the last one is open."""
        self._last = b""
        """The bytes before the piece, two at most."""
        self._opened_at = 0

    def first(self) -> Misplaced | None:
        for piece in self._pieces():
            if found := self._of(piece):
                return found
            self._last = (self._last + piece)[-2:]
            self._at += len(piece)
        if self._seen % 2:
            return Misplaced(self._opened_at, "has a quote that is opened and never closed")
        return None

    def _pieces(self) -> Iterator[bytes]:
        """Each ends with a byte that is no quote, but for the last."""
        first, rest = True, b""
        while piece := self._text.read(_PIECE):
            if first and self._at == 0 and piece.startswith(_BOM):
                piece, self._at = piece[len(_BOM) :], len(_BOM)
            first, piece = False, rest + piece
            whole = piece.rstrip(bytes([self._quote])) if self._quote else piece
            rest = piece[len(whole) :]
            yield whole
        if rest:
            yield rest

    def _of(self, piece: bytes) -> Misplaced | None:
        content = np.frombuffer(piece, np.uint8)
        places = np.flatnonzero(content == self._quote) if self._quote else np.zeros(0, np.intp)
        wrong = [*self._wrong(content, places), *self._line_ends(piece, places)]
        odd = self._seen % 2
        opening = places[odd::2]
        if len(opening):
            self._opened_at = self._at + int(opening[-1])
        self._seen += len(places)
        return min(wrong, default=None)

    def _wrong(self, content: Bytes, places: npt.NDArray[np.intp]) -> Iterator[Misplaced]:
        if not len(places):
            return
        odd = self._seen % 2
        opening, closing = places[odd::2], places[1 - odd :: 2]
        before = content[np.maximum(opening, 1) - 1]
        if len(opening) and opening[0] == 0:
            before[0] = self._last[-1] if self._last else ord("\n")
        stray = opening[~self._ends[before]]
        if len(stray):
            yield Misplaced(self._at + int(stray[0]), _STRAY)
        end = len(content)
        after = content[np.minimum(closing + 1, end - 1)]
        inside = closing[~self._ends[after] & (closing + 1 < end)]
        if len(inside):
            place = int(inside[0])
            escaped = place > 0 and content[place - 1] == ord("\\")
            yield Misplaced(self._at + place, _ESCAPED if escaped else _INSIDE)

    def _line_ends(self, piece: bytes, places: npt.NDArray[np.intp]) -> Iterator[Misplaced]:
        """A line end of CR CR LF outside of quotes: the first CR would be part of the value."""
        joined, found = self._last + piece, -1
        while (found := joined.find(_CRCRLF, found + 1)) >= 0:
            place = found - len(self._last)
            if (self._seen + int(np.searchsorted(places, place))) % 2 == 0:
                yield Misplaced(self._at + place, _LINE_END)
                return


_STRAY = (
    "has a quote inside a value that is not in quotes; put the value into quotes and double the "
    "quote, or declare `quote: none` if the file has no values in quotes"
)
_INSIDE = (
    "has a quote inside a value in quotes; double it, or declare `escape` if the file has a "
    "character before such quotes"
)
_ESCAPED = "has a quote behind a backslash; declare `escape: '\\'`, or double such quotes"
_LINE_END = "ends in CR CR LF; save the file with line ends of LF or CRLF"
