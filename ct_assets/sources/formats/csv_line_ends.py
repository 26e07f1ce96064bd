"""CsvLineEnds finds a line that ends with a separator too many, which DuckDB passes over."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ct_assets.sources.formats.csv_settings import CsvSettings
from ct_assets.sources.formats.text_file import line_of, opened

_LONGEST = 1 << 30


def trailing(
    files: Sequence[Path], columns: int, separator: str, settings: CsvSettings
) -> str | None:
    """Looked for once polars has found more fields than the header has, row by row."""
    before = csv.field_size_limit(_LONGEST)
    try:
        for file in files:
            with io.TextIOWrapper(opened(file), "utf-8", "replace", newline="") as text:
                for _ in range(settings.skip):
                    text.readline()
                rows = csv.reader(
                    text,
                    delimiter=separator,
                    quotechar=settings.quotes or None,
                    quoting=csv.QUOTE_MINIMAL if settings.quotes else csv.QUOTE_NONE,
                )
                begin = settings.skip + 1
                for row in rows:
                    if len(row) > columns:
                        return (
                            f"{line_of(begin, file, files)} ends with {separator!r}, and the "
                            "header does not; take it away, or give the header a name behind its "
                            "last one"
                        )
                    begin = settings.skip + rows.line_num + 1
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(before)
    return None
