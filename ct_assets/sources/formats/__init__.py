"""Reads formats of files: each is a module with a `SourceFormat` and one line in `FORMATS`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ct_assets.sources.formats.csv_format import CsvFormat
from ct_assets.sources.formats.csv_settings import CsvSettings as CsvSettings
from ct_assets.sources.formats.ndjson_format import NdjsonFormat
from ct_assets.sources.formats.parquet_format import ParquetFormat
from ct_assets.sources.formats.source_format import FileError as FileError
from ct_assets.sources.formats.source_format import SourceFormat
from ct_assets.sources.formats.text_file import GZIP

FORMATS: Sequence[SourceFormat] = (
    CsvFormat(),
    NdjsonFormat(),
    ParquetFormat(),
)

CSV = CsvFormat.name

_BY_SUFFIX: Mapping[str, SourceFormat] = {
    f"{suffix}{end}": form
    for form in FORMATS
    for suffix in form.suffixes
    for end in (("", GZIP) if form.gzipped else ("",))
}


def _listed(items: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(items[:-1]), items[-1]])


NAMES = _listed([form.name for form in FORMATS], "or")
"""For texts: `CSV, NDJSON or Parquet`."""
_ENDS = [f"{form.name} ({', '.join(form.suffixes)})" for form in FORMATS]
READABLE = (
    f"Only {_listed(_ENDS, 'and')} are read;"
    f" {_listed([form.name for form in FORMATS if form.gzipped], 'and')} also with {GZIP} behind."
)


def format_named(name: str) -> SourceFormat | None:
    """The format of files with this name, or this pattern, if that tells it."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes[-2:]]
    return _BY_SUFFIX.get("".join(suffixes)) or _BY_SUFFIX.get("".join(suffixes[-1:]))


def readable(pattern: str) -> bool:
    """Whether files with that name are read; a pattern may leave it open until they are found."""
    return bool(format_named(pattern)) or any(sign in Path(pattern).suffix for sign in "*?[")


def format_of(
    files: Sequence[Path], settings: CsvSettings | None = None, declared: str | None = None
) -> SourceFormat:
    """The format of all these files, with the settings that are declared for CSV.

    `declared` is its name, whatever those of the files are.

    Raises:
        FileError: One of them is of none that is read, or they are of several.
    """
    first: tuple[SourceFormat, Path] | None = None
    for file in files:
        form = format_named(f"{file.name}.{declared}" if declared else file.name)
        if form is None:
            raise FileError(f"{file.name} is of another kind. {READABLE}")
        first = first or (form, file)
        if form is not first[0]:
            raise FileError(
                f"{first[1].name} is {first[0].name} and {file.name} is {form.name}; name files of"
                f" one format, such as *{first[0].suffixes[0]}, and declare the others as a source"
                " of their own"
            )
    if first is None:
        raise FileError("no file is given")
    form = first[0]
    return form.with_settings(settings) if settings and isinstance(form, CsvFormat) else form
