"""Lines of JSON are checked one by one, once polars has failed, to tell which is no row."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from ct_assets.sources.formats.source_format import which
from ct_assets.sources.formats.text_file import line_of, opened

_PIECE = 1 << 22
_HEX = rb"[0-9a-fA-F]{2}"
_HIGH, _LOW = rb"\\u[dD][89abAB]" + _HEX, rb"\\u[dD][c-fC-F]" + _HEX
_LONE = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:%b(?!%b)|(?<!\\u[dD][89abAB]..)%b)" % (_HIGH, _LOW, _LOW), re.DOTALL
)
_WIDE = 10**38
_BOM = b"\xef\xbb\xbf"
_KINDS = {bool: "true or false", int: "a number", float: "a number", str: "text"} | {
    list: "a list", dict: "an object",
}  # fmt: skip

Kinds = dict[str, dict[str, str]]
"""The kinds of values of each column, and of each key in it, with the first line of each kind."""


def wrong_in_lines(files: Sequence[Path]) -> str | None:
    """The first line that is no row, or else a column with values that fit in no one type."""
    kinds: Kinds = {}
    for file in files:
        rows = 0
        with opened(file) as lines:
            for number, line in enumerate(lines, start=1):
                if line.isspace():
                    continue
                row, where = _parsed(line), line_of(number, file, files)
                if isinstance(row, str):
                    return f"{where} {row}"
                if _too_wide(row, line):
                    return f"{where} has a number of more than 38 digits; write it as text"
                for path, kind in _kinds(row):
                    kinds.setdefault(path, {}).setdefault(kind, where)
                rows += 1
        if not rows:
            return f"{which(file, files)} is empty; write its rows into it, or take it away"
    return _mixed(kinds)


def lost_digits(files: Sequence[Path], columns: Sequence[str]) -> str | None:
    """The first line with a whole number in one of these columns of floats that is changed there.

    Numbers of a column become floats where others have a fraction, or more digits than 38.
    """
    for file in files if columns else ():
        with opened(file) as lines:
            for number, line in enumerate(lines, start=1):
                row = {} if line.isspace() else json.loads(line)
                for name in columns:
                    value = row.get(name)
                    if isinstance(value, int) and float(value) != value:
                        return (
                            f"{line_of(number, file, files)} has a whole number in {name!r} of "
                            "more digits than a float keeps, and others there are floats; name "
                            "the column in `types` as string to read all digits"
                        )
    return None


def lone_surrogate(files: Sequence[Path]) -> str | None:
    """The first line with half of a character, which polars would read as a NUL."""
    for file in files:
        rest, line = b"", 1
        with opened(file) as content:
            while piece := content.read(_PIECE):
                text, newline, rest = (rest + piece).rpartition(b"\n")
                text += newline
                if found := _lone(text):
                    return _half_of(line + text.count(b"\n", 0, found.start()), file, files)
                line += text.count(b"\n")
            if _lone(rest):
                return _half_of(line, file, files)
    return None


def _lone(text: bytes) -> re.Match[bytes] | None:
    return _LONE.search(text) if b"\\ud" in text or b"\\uD" in text else None


def _half_of(line: int, file: Path, files: Sequence[Path]) -> str:
    return (
        f"{line_of(line, file, files)} has an escape that is half of a character (such as "
        "\\ud83d alone); a text was cut in the middle of it: mend it in the source"
    )


def _parsed(line: bytes) -> dict[str, Any] | str:
    """The row, or what is wrong with its line."""
    if line.startswith(_BOM):
        return "begins with a byte order mark; save the file as UTF-8 without one"
    try:
        line.decode()
        row = orjson.loads(line)
    except UnicodeDecodeError:
        return "is not UTF-8; save the file as UTF-8"
    except orjson.JSONDecodeError:
        return _no_json(line.decode().strip())
    return row if isinstance(row, dict) else "is no JSON object; write one for each row, on a line"


def _too_wide(row: Mapping[str, Any], line: bytes) -> bool:
    """Whether it has a whole number of more than 128 bits, of which orjson makes a float."""
    if all(abs(n) < _WIDE for n in row.values() if isinstance(n, float)):
        return False
    return any(abs(n) >= _WIDE for n in json.loads(line).values() if isinstance(n, int))


def _no_json(line: str) -> str:
    """Why a line is no JSON, as far as Python's reader, which takes more, can tell."""
    try:
        _, end = json.JSONDecoder(parse_constant=_refused).raw_decode(line)
    except json.JSONDecodeError:
        return "is no whole JSON object; write each on one line (or is the file cut off?)"
    except _NotFiniteError:
        return "has NaN or infinity, which JSON has no number for; write null"
    if rest := line[end:].strip():
        what = "a comma" if rest == "," else "more"
        return f"has {what} behind its object; write each on a line of its own, and nothing between"
    return "has a number that is too large to be read; write it as text"


class _NotFiniteError(ValueError):
    """Of a word such as NaN in place of a number."""


def _refused(word: str) -> object:
    raise _NotFiniteError(word)


def _kinds(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if path and value is not None:
        yield path, _KINDS[type(value)]
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _kinds(member, f"{path}.{key}" if path else key)
    if isinstance(value, list):
        for member in value:
            yield from _kinds(member, f"{path}[]")


def _mixed(kinds: Kinds) -> str | None:
    """A column whose values are of two kinds; beside text each becomes text, too."""
    for path, lines in kinds.items():
        if len(lines) > 1 and "text" not in lines:
            (one, first), (other, second) = list(lines.items())[:2]
            return (
                f"{path!r} is {one} in {first} and {other} in {second}; write one kind of value in "
                "all lines, or name the column in `types` to read it as text"
            )
    return None
