"""CsvFormat reads CSV files as text, and finds the line that makes a file unreadable."""

import contextlib
import glob
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import duckdb
import polars as pl

from ct_assets.errors import hushed
from ct_assets.sources.formats.csv_line_ends import trailing
from ct_assets.sources.formats.csv_settings import CsvSettings
from ct_assets.sources.formats.csv_text import plain, put_back
from ct_assets.sources.formats.source_format import FileError, SourceFormat, named
from ct_assets.sources.formats.text_file import (
    is_gzip,
    line_at,
    line_of,
    not_utf8,
    opened,
    other_kind,
)
from ct_assets.sql import opened as database

_FEWER, _MORE = "MISSING COLUMNS", "TOO MANY COLUMNS"
_WHY = {
    _FEWER: "fewer fields than the header; is the file cut off, or a line break not in quotes?",
    _MORE: "more fields than the header; is a value with {separator} in it not in quotes?",
}


@dataclass(frozen=True)
class CsvFormat(SourceFormat):
    """Text with a header; the separator is what the header has most of, unless it is declared."""

    settings: CsvSettings = field(default_factory=CsvSettings)

    name: ClassVar[str] = "CSV"
    suffixes: ClassVar[Sequence[str]] = (".csv", ".tsv", ".txt")
    gzipped: ClassVar[bool] = True
    separators: ClassVar[str] = ",;\t|"
    """A format of one separator is a subclass that names it here."""

    def with_settings(self, settings: CsvSettings) -> Self:
        return replace(self, settings=settings)

    @contextlib.contextmanager
    def plain(self, files: Sequence[Path]) -> Iterator[Sequence[Path]]:
        def separator(beginning: str) -> str:
            skip = self.settings.skip
            header = "".join(beginning.split("\n", skip + 1)[skip : skip + 1])
            return self._separator(header.encode(), files[0])

        with plain(files, self.settings, separator) as texts:
            yield texts

    def scan(self, files: Sequence[Path], types: Mapping[str, str]) -> pl.LazyFrame:  # noqa: ARG002
        separator = self.separator_of(files[0])
        frame = pl.scan_csv(
            list(files),
            infer_schema=False,
            separator=separator,
            quote_char=self.settings.quotes,
            skip_lines=self.settings.skip,
            glob=False,
        )
        header = self.header_of(files[0], separator)
        _check_header(header, files)
        if len(header) > 1:  # blank lines are no rows
            frame = frame.filter(pl.any_horizontal(pl.all().is_not_null()))
        if nulls := self.settings.nulls:
            frame = frame.with_columns(
                pl.when(~pl.col(name).is_in(nulls)).then(pl.col(name)).alias(name)
                for name in frame.collect_schema()
            )
        return put_back(frame, self.settings, separator)

    def check_text(self, files: Sequence[Path]) -> None:
        """Fail where a quote is out of place: polars drops some of them without a word."""
        if wrong := other_kind(files) or self._misplaced(files):
            raise FileError(f"{named(files)}: {wrong}")

    def check(self, files: Sequence[Path], staged: Path) -> None:
        """Fail where a line has fewer fields than the header: polars makes nulls of the others."""
        rows = pl.scan_parquet(staged, glob=False)
        columns = rows.collect_schema().names()
        if len(columns) == 1:
            return
        nulls = rows.select(pl.col(columns[-1]).null_count()).collect(engine="streaming").item()
        if nulls and (uneven := self._uneven_line(files)):
            raise FileError(f"{named(files)}: {uneven}")

    def broken(self, files: Sequence[Path], error: BaseException) -> str | None:
        text = str(error).lower()
        if "more fields" in text:
            uneven = self._misplaced(files) or self._uneven_line(files) or self._trailing(files)
            return uneven or "a line has more fields than the header"
        if "utf-8" in text or "utf8" in text:
            return not_utf8(files)
        if "csv malformed" in text or "could not parse" in text:
            return self._misplaced(files)
        return None

    def unreadable(self, file: Path, error: BaseException) -> str:
        if isinstance(error, pl.exceptions.NoDataError):
            return "is empty, it has no header"
        return super().unreadable(file, error)

    def difference(self, files: Sequence[Path]) -> str | None:
        separators = {self.separator_of(file): file.name for file in files}
        if len(separators) == 1:
            return None
        each = " and ".join(f"{sign!r} in {name}" for sign, name in separators.items())
        return f"these files have different separators, {each}; save them all with the same"

    def separator_of(self, file: Path) -> str:
        """The separator that is declared, or that the header has most of outside of quotes."""
        with opened(file) as lines:
            for _ in range(self.settings.skip):
                lines.readline()
            return self._separator(lines.readline(65_536), file)

    def _separator(self, header: bytes, file: Path) -> str:
        if self.settings.sign:
            return self.settings.sign
        if self.settings.quotes:
            quote = re.escape(self.settings.quotes.encode())
            header = re.sub(quote + b"[^" + quote + b"]*" + quote, b"", header)
        usual = self.separators
        if ".tsv" in file.suffixes:  # of as many of each, it is the tab
            usual = "".join(sorted(usual, key=lambda separator: separator != "\t"))
        return max(usual, key=lambda separator: header.count(separator.encode()))

    def header_of(self, file: Path, separator: str) -> Sequence[str | None]:
        first = pl.scan_csv(
            file,
            has_header=False,
            n_rows=1,
            infer_schema=False,
            separator=separator,
            quote_char=self.settings.quotes,
            skip_lines=self.settings.skip,
            glob=False,
            truncate_ragged_lines=True,
        )
        return first.collect().row(0)

    def _misplaced(self, files: Sequence[Path]) -> str | None:
        from ct_assets.sources.formats.csv_quotes import misplaced  # loads numpy

        settings = self.settings
        separator = self.separator_of(files[0])
        return misplaced(files, separator=separator, quote=settings.quotes, skip=settings.skip)

    def _trailing(self, files: Sequence[Path]) -> str | None:
        separator = self.separator_of(files[0])
        columns = len(self.header_of(files[0], separator))
        return trailing(files, columns, separator, self.settings)

    def _uneven_line(self, files: Sequence[Path]) -> str | None:
        """The first line with fewer or more fields than the header, and what may be the cause.

        By DuckDB, because polars fills up what a line lacks with nulls.
        """
        separator = self.separator_of(files[0])
        columns = len(self.header_of(files[0], separator))
        for file in files:
            try:
                uneven = _uneven(file, columns, separator, self.settings)
            except duckdb.Error as error:
                hushed(error)
                why = "where its lines end cannot be told; put a value with a line break or a quote"
                raise FileError(f"{named(files)}: {why} in it into quotes") from None
            if uneven is not None:
                position, kind = uneven
                why = _WHY[kind].format(separator=repr(separator))
                if kind == _MORE and columns == 1:
                    why += " Or is line 1 no header? Then declare how many lines to `skip`"
                return f"{line_of(line_at(file, position), file, files)} has {why}"
        return None


def _check_header(header: Sequence[str | None], files: Sequence[Path]) -> None:
    names = [name or "" for name in header]
    if names[0].lower().startswith("sep="):
        raise FileError(f"{named(files)}: line 1 is Excel's `sep=`, no header; declare `skip: 1`")
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
    known = {"\n": "a line break", "\t": "a tab"}
    called = known.get(strange) or unicodedata.name(strange, "a control character")
    return (
        f"the name of column {place}, {name!r}, has the character U+{ord(strange):04X} ({called}); "
        "take it out of the header"
    )


def _uneven(
    file: Path, columns: int, separator: str, settings: CsvSettings
) -> tuple[int, str] | None:
    """The byte where the line begins, and whether it has fewer fields or more."""
    with database(settings={"threads": 1}) as connection:
        parameters = {
            "file": glob.escape(str(file)),
            "columns": {f"c{place}": "VARCHAR" for place in range(columns)},
            "separator": separator,
            "quote": settings.quotes or "",
            "skip": settings.skip,
            "compression": "gzip" if is_gzip(file) else "none",
        }
        connection.execute(_COUNT_FIELDS, parameters).fetchall()
        return connection.execute(_FIRST_UNEVEN, [_FEWER, _MORE]).fetchone()


# Of errors of other kinds, too, the first ones are kept.
_COUNT_FIELDS = """
select count(*) from read_csv(
    $file, columns = $columns, delim = $separator, quote = $quote, escape = $quote, header = true,
    skip = $skip, auto_detect = false, strict_mode = true, null_padding = false,
    compression = $compression, store_rejects = true, rejects_limit = 100
)
"""

_FIRST_UNEVEN = """
select line_byte_position, error_type::varchar from reject_errors
where error_type::varchar in (?, ?) order by line_byte_position limit 1
"""
