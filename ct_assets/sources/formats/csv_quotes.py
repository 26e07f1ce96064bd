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

_PIECE = 1 << 18
_BOM = b"\xef\xbb\xbf"
_BEFORE = 2
_KEPT = _BEFORE + len(_BOM)
_CRCRLF = b"\r\r\n"
_CR, _LF = b"\r\n"
_SPACE = ord(" ")

Bytes = npt.NDArray[np.uint8]


class Misplaced(NamedTuple):
    """A quote or line end that cannot be read as it is, and where."""

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
    """Reads one text through a buffer that begins with the last two bytes before what is new."""

    def __init__(self, text: BinaryIO, separator: str, quote: str | None, skip: int) -> None:
        for _ in range(skip):
            text.readline()
        self._text = text
        self._quote = ord(quote) if quote else None
        self._ends = np.zeros(256, np.bool_)
        self._ends[[*f"{separator}{quote or ''}\r\n".encode()]] = True
        self._buffer = bytearray(_PIECE + _KEPT)
        self._content: Bytes = np.frombuffer(self._buffer, np.uint8)
        self._seen = 0
        """Quotes so far: of an odd number of them the last one is open."""
        self._opened_at = 0
        self._at = text.tell() - _BEFORE
        """The byte of the file that the buffer begins with."""

    def first(self) -> Misplaced | None:
        beginning = self._text.read(len(_BOM))
        if beginning == _BOM and self._at == -_BEFORE:
            beginning, self._at = b"", len(_BOM) - _BEFORE
        self._buffer[:_BEFORE] = b"\n" * _BEFORE  # a text begins as a line does
        end = _BEFORE + len(beginning)
        self._buffer[_BEFORE:end] = beginning
        while read := self._read(end):
            end += read
            bare = self._bare(end)
            if found := self._between(bare, end):
                return found
            end = self._shifted(bare, end)
        if found := self._between(end, end):
            return found
        if self._seen % 2:
            return Misplaced(self._opened_at, "has a quote that is opened and never closed")
        if self._buffer[end - 1 : end] == b"\r":
            return Misplaced(self._at + end - 1, _LONE)
        return None

    def _read(self, start: int) -> int:
        with memoryview(self._buffer) as view:
            return int(self._text.readinto(view[start : start + _PIECE]))  # type: ignore[attr-defined]

    def _bare(self, end: int) -> int:
        """The end without the quotes there: what follows on them is not read yet."""
        if self._quote != self._buffer[end - 1]:
            return end
        text = self._buffer[_BEFORE:end]
        return _BEFORE + len(text.rstrip(bytes([self._quote])))

    def _shifted(self, bare: int, end: int) -> int:
        """Begins the buffer with two bytes and the quotes behind them, of which pairs go."""
        pending = end - bare
        kept = 2 - pending % 2 if pending else 0
        self._seen += pending - kept
        self._buffer[:_BEFORE] = self._buffer[bare - _BEFORE : bare]
        self._buffer[_BEFORE : _BEFORE + kept] = self._buffer[bare : bare + kept]
        self._at += end - (_BEFORE + kept)
        return _BEFORE + kept

    def _between(self, until: int, end: int) -> Misplaced | None:
        """The faults of the new bytes up to `until`; the buffer is filled up to `end`."""
        places = np.zeros(0, np.intp)
        if self._quote is not None:
            places = np.flatnonzero(self._content[_BEFORE:until] == self._quote) + _BEFORE
        wrong = [*self._wrong(places, end), *self._line_ends(places, until)]
        opening = places[self._seen % 2 :: 2]
        if len(opening):
            self._opened_at = self._at + int(opening[-1])
        self._seen += len(places)
        return min(wrong, default=None)

    def _wrong(self, places: npt.NDArray[np.intp], end: int) -> Iterator[Misplaced]:
        if not len(places):
            return
        odd = self._seen % 2
        opening, closing = places[odd::2], places[1 - odd :: 2]
        stray = opening[~self._ends[self._content[opening - 1]]]
        if len(stray):
            place = int(stray[0])
            yield Misplaced(self._at + place, _BLANK if self._behind_blanks(place) else _STRAY)
        if len(closing) and closing[-1] == end - 1:  # the end of the file
            closing = closing[:-1]
        inside = closing[~self._ends[self._content[closing + 1]]]
        if len(inside):
            place = int(inside[0])
            escaped = self._content[place - 1] == ord("\\")
            blank = self._before_blanks(place, end)
            why = _ESCAPED if escaped else _BLANK if blank else _INSIDE
            yield Misplaced(self._at + place, why)

    def _behind_blanks(self, place: int) -> bool:
        """Whether a value begins with blanks before the quote, as far as the buffer shows."""
        before = bytes(self._buffer[:place]).rstrip(b" ")
        return self._buffer[place - 1] == _SPACE and self._apart(before[-1:])

    def _before_blanks(self, place: int, end: int) -> bool:
        """Whether nothing but blanks stands between the quote and the end of the value."""
        behind = bytes(self._buffer[place + 1 : end]).lstrip(b" ")
        return self._buffer[place + 1] == _SPACE and self._apart(behind[:1])

    def _apart(self, sign: bytes) -> bool:
        """Whether it is a separator, a line end, or where the text ends."""
        return not sign or bool(self._ends[sign[0]] and sign[0] != self._quote)

    def _line_ends(self, places: npt.NDArray[np.intp], until: int) -> Iterator[Misplaced]:
        """A CR without its LF outside of quotes: it would be part of a value."""
        begin = _BEFORE - 1
        pairs = self._buffer.count(b"\r\n", begin, until)
        if self._buffer.count(b"\r", begin, until - 1) == pairs:  # as it nearly always is
            return
        text = self._content[begin:until]
        alone = np.flatnonzero((text[:-1] == _CR) & (text[1:] != _LF)) + begin
        alone = alone[(self._seen + np.searchsorted(places, alone)) % 2 == 0]
        if len(alone):
            found = int(alone[0])
            three = self._buffer[found : found + len(_CRCRLF)] == _CRCRLF
            yield Misplaced(self._at + found, _LINE_END if three else _LONE)


_STRAY = (
    "has a quote inside a value that is not in quotes; put the value into quotes and double the "
    "quote, or declare `quote: none` if the file has no values in quotes"
)
_BLANK = (
    "has a blank between a quote and the separator or the end of the line; take it out, so that "
    "the value begins and ends with its quotes"
)
_INSIDE = (
    "has a quote inside a value in quotes; double it, or declare `escape` if the file has a "
    "character before such quotes"
)
_ESCAPED = "has a quote behind a backslash; declare `escape: '\\'`, or double such quotes"
_LONE = (
    "has a CR that no LF follows; save the file with line ends of LF or CRLF, or put the value "
    "with the CR into quotes"
)
_LINE_END = "ends in CR CR LF; save the file with line ends of LF or CRLF"
