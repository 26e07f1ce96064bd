"""A text file is opened here, plain or gzip, and searched for bytes that are no text."""

import codecs
import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

from ct_assets.sources.formats.source_format import which

GZIP = ".gz"
_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 20
_ADVICE = {
    False: "save the file as UTF-8, or declare its `encoding`, such as windows-1252",
    True: "save the file as UTF-8, or declare `encoding: utf-16`",
}
"""By whether the text begins as UTF-16 does."""

_OTHERS = {
    b"PAR1": "a Parquet file; declare `format: parquet`",
    b"PK\x03\x04": "a zip file, as those of Excel are; save its table as CSV",
    b"\xd0\xcf\x11\xe0": "a file of Excel; save its table as CSV",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it, or pack it by gzip",
    b"BZh": "packed by bzip2; unpack it, or pack it by gzip",
    b"\xfd7zXZ": "packed by xz; unpack it, or pack it by gzip",
    b"<!doctype": "a page of HTML, such as that of a login, and no table",
    b"<html": "a page of HTML, such as that of a login, and no table",
    b"<?xml": "XML, and no table; save it as CSV",
    b'{"': "JSON; declare `format: ndjson` if each line has one object",
    b"[{": "JSON; write each object on a line of its own, and declare `format: ndjson`",
}
"""The kinds of files that are no CSV whatever their name, by how they begin."""


def other_kind(files: Sequence[Path]) -> str | None:
    """The first file that is no CSV, by how it begins, and what to do."""
    for file in files:
        with opened(file) as text:
            beginning = text.read(16).removeprefix(codecs.BOM_UTF8).lower()
        for sign, kind in _OTHERS.items():
            if beginning.startswith(sign.lower()):
                return f"{which(file, files)} is {kind}"
    return None


def opened(file: Path) -> BinaryIO:
    """The bytes of the text, of a gzip file as a stream."""
    return cast("BinaryIO", gzip.open(file)) if is_gzip(file) else file.open("rb")


def is_gzip(file: Path) -> bool:
    """By how it begins, whatever its name is."""
    with file.open("rb") as content:
        return content.read(len(_MAGIC)) == _MAGIC


def broken_gzip(files: Sequence[Path]) -> str | None:
    """The first gzip file that is not whole, and what to do."""
    for file in files:
        try:
            with opened(file) as text:
                while text.read(_PIECE):
                    pass
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return f"{which(file, files)} is a gzip file that is cut off or damaged; copy it again"
    return None


def line_of(number: int, file: Path, files: Sequence[Path]) -> str:
    """`line 3`, and of which file where there are several."""
    return f"line {number}{f' of {file.name}' if len(files) > 1 else ''}"


def line_at(file: Path, position: int) -> int:
    """The number of the line that begins at this byte of the text."""
    line = 1
    with opened(file) as text:
        for begin in range(0, position, _PIECE):
            line += text.read(min(_PIECE, position - begin)).count(b"\n")
    return line


def not_utf8(files: Sequence[Path]) -> str | None:
    """The first line that is not UTF-8, and what to do."""
    for file in files:
        with opened(file) as lines:
            for number, line in enumerate(lines, start=1):
                wide = line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and number == 1
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return f"{line_of(number, file, files)} is not UTF-8; {_ADVICE[wide]}"
    return None
