"""ParquetFormat reads Parquet files in the types that they have."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from ct_assets.sources.formats.source_format import SourceFormat

_MAGIC = b"PAR1"


class ParquetFormat(SourceFormat):
    name = "Parquet"
    suffixes = (".parquet", ".pq")

    def scan(self, files: Sequence[Path], types: Mapping[str, str]) -> pl.LazyFrame:  # noqa: ARG002
        return pl.scan_parquet(list(files), glob=False)

    def broken(self, files: Sequence[Path], error: BaseException) -> None:  # noqa: ARG002
        return None

    def unreadable(self, file: Path, error: BaseException) -> str:
        if not _whole(file):
            return (
                "is no whole Parquet file: it is empty, cut off or of another kind; write it again"
            )
        if isinstance(error, pl.exceptions.PanicException):
            return "has a column of a type that is not read; write it as text"
        return super().unreadable(file, error)


def _whole(file: Path) -> bool:
    """Whether it begins and ends as the format wants it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        begin = content.read(len(_MAGIC))
        content.seek(max(size - len(_MAGIC), 0))
        return begin == content.read() == _MAGIC and size > 2 * len(_MAGIC)
