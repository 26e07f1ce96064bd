"""CSV files as text, and what is wrong with one: its header, its lines, its encoding."""

import glob
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.errors import UserError, hushed
from ct_assets.sql import opened

SUFFIXES = (".csv", ".tsv", ".txt")
SEPARATORS = ",;\t|"
_FEWER, _MORE = "MISSING COLUMNS", "TOO MANY COLUMNS"
_WHY = {
    _FEWER: "fewer fields than the header; is the file cut off, or a line break not in quotes?",
    _MORE: "more fields than the header; is a value with a comma not in quotes?",
}


class FileError(UserError):
    pass


def named(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].name}{more}"


def line_of(number: int, file: Path, files: Sequence[Path]) -> str:
    """`line 3`, and of which file where there are several."""
    return f"line {number}{f' of {file.name}' if len(files) > 1 else ''}"


def scan(files: Sequence[Path]) -> pl.LazyFrame:
    separator = separator_of(files[0])
    frame = pl.scan_csv(list(files), infer_schema=False, separator=separator, glob=False)
    header = header_of(files[0])
    _check_header(header, files)
    if len(header) == 1:
        return frame
    return frame.filter(pl.any_horizontal(pl.all().is_not_null()))  # blank lines are no rows


def separator_of(file: Path) -> str:
    """The usual separator that the header has most of outside of quotes."""
    with file.open("rb") as lines:
        header = re.sub(rb'"[^"]*"', b"", lines.readline(65_536))
    usual = "\t,;|" if file.suffix.lower() == ".tsv" else SEPARATORS
    return max(usual, key=lambda separator: header.count(separator.encode()))


def header_of(file: Path) -> Sequence[str | None]:
    first = pl.scan_csv(
        file,
        has_header=False,
        n_rows=1,
        infer_schema=False,
        separator=separator_of(file),
        glob=False,
        truncate_ragged_lines=True,
    )
    return first.collect().row(0)


def _check_header(header: Sequence[str | None], files: Sequence[Path]) -> None:
    names = [name or "" for name in header]
    if wrong := next(filter(None, map(_wrong_in_name, range(1, len(names) + 1), names)), None):
        raise FileError(f"{named(files)}: {wrong}")
    repeated = [name for name, count in Counter(names).items() if name and count > 1]
    if repeated:
        raise FileError(
            f"{named(files)}: the header has {', '.join(map(repr, repeated))} more than once; "
            "give each column a name of its own"
        )


def _wrong_in_name(place: int, name: str) -> str | None:
    strange = next((sign for sign in name if not sign.isprintable() or sign == "\ufffd"), None)
    if strange is None:
        return None
    if strange == "\ufffd":
        return "the header is no text in UTF-8; save the file as such"
    if strange == "\r":
        return "the lines end in CR alone; save the file with line ends of LF or CRLF"
    known = {"\n": "a line break", "\t": "a tab"}
    called = known.get(strange) or unicodedata.name(strange, "a control character")
    return (
        f"the name of column {place}, {name!r}, has the character U+{ord(strange):04X} ({called}); "
        "take it out of the header"
    )


def uneven_line(files: Sequence[Path]) -> str | None:
    """The first line with fewer or more fields than the header, and what may be the cause.

    By DuckDB, because polars fills up what a line lacks with nulls.
    """
    try:
        found = _uneven(files)
    except duckdb.Error as error:
        hushed(error)
        why = "where its lines end cannot be told; put a value with a line break or a quote in it"
        raise FileError(f"{named(files)}: {why} into quotes") from None
    if found is None:
        return None
    file, position, kind = found
    return f"{line_of(_line_at(Path(file), position), Path(file), files)} has {_WHY[kind]}"


def _uneven(files: Sequence[Path]) -> tuple[str, int, str] | None:
    with opened(settings={"threads": 1}) as connection:
        asked = {
            "files": [glob.escape(str(file)) for file in files],
            "columns": {f"c{place}": "VARCHAR" for place in range(len(header_of(files[0])))},
            "separator": separator_of(files[0]),
        }
        connection.execute(_COUNT_FIELDS, asked).fetchall()
        return connection.execute(_FIRST_UNEVEN, [_FEWER, _MORE]).fetchone()


# Of errors of other kinds, too, the first ones are kept.
_COUNT_FIELDS = """
select count(*) from read_csv(
    $files, columns = $columns, delim = $separator, quote = '"', escape = '"', header = true,
    auto_detect = false, strict_mode = true, null_padding = false,
    store_rejects = true, rejects_limit = 100
)
"""

_FIRST_UNEVEN = """
select file_path, line_byte_position, error_type::varchar
from reject_errors join reject_scans using (scan_id, file_id)
where error_type::varchar in (?, ?) order by file_id, line_byte_position limit 1
"""


def _line_at(file: Path, position: int) -> int:
    """The number of the line that begins at this byte; DuckDB counts records."""
    line, piece = 1, 1 << 20
    with file.open("rb") as content:
        for begin in range(0, position, piece):
            line += content.read(min(piece, position - begin)).count(b"\n")
    return line


def not_utf8(files: Sequence[Path]) -> str:
    for file in files:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return line_of(number, file, files)
    return "the file"
