"""ParquetFormat reads Parquet files in the types that they have."""

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from ct_assets.sources.formats.parquet_columns import TopColumn, columns_of
from ct_assets.sources.formats.source_format import (
    FileError,
    SourceFormat,
    named,
    unlike,
    which,
)
from ct_assets.sources.formats.united_types import UnlikeError, united

# Of a column with an offset for a time zone polars would make no error, but end the whole read.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
_MAGIC = b"PAR1"
_DAMAGE = ("thrift", "out of spec", "decompress", "snappy", "zstd", "corrupt", "page", "footer")
_NANOSECONDS = pl.ScanCastOptions(datetime_cast="nanosecond-downcast")


class ParquetFormat(SourceFormat):
    """Files with other columns or types are united as `united_types` says.

    A column of a type that nothing here can read is left out, and told of.

    INT96, the timestamps of Spark, Hive and Impala, are read as microseconds: as nanoseconds, which
    is what polars takes them for, they would end in the year 2262.
    """

    name = "Parquet"
    suffixes = (".parquet", ".pq")
    unites = True

    def scan(self, files: Sequence[Path], types: Mapping[str, str]) -> pl.LazyFrame:
        columns = columns_of(files)
        if wrong := next((each.wrong for each in columns.values() if each.wrong), None):
            raise FileError(f"{named(files)}: {wrong}")
        groups = _alike(files)
        frames = [_scanned(group, columns) for group in groups]
        if len(frames) > 1:  # columns of `types` become what these say, by way of text
            frames = [_as_text(frame, types) for frame in frames]
        try:
            return united(frames)
        except UnlikeError as error:
            names = (groups[error.one][0].name, groups[error.other][0].name)
            raise unlike(files, error.column, error.types, names) from None

    def remarks(self, files: Sequence[Path]) -> Sequence[str]:
        groups = _alike(files)
        lacking: dict[str, list[Path]] = {}
        if len(groups) > 1:
            has = [set(pl.read_parquet_schema(group[0])) for group in groups]
            for name in sorted(set().union(*has) - set(self.left_out(files))):
                lacking[name] = [
                    file for at, group in enumerate(groups) if name not in has[at] for file in group
                ]
        return [
            f"column {name!r} is not in {named(without)}, and null there"
            for name, without in lacking.items()
            if without
        ]

    def left_out(self, files: Sequence[Path]) -> Mapping[str, str]:
        return {name: each.unread for name, each in columns_of(files).items() if each.unread}

    def broken(self, files: Sequence[Path], error: BaseException) -> str | None:
        text = str(error).lower()
        for file in files if "utf-8" in text else ():
            frame = self.scan([file], {})
            for name in frame.collect_schema():
                if not _decodes(frame, name):
                    return (
                        f"column {name!r} of {which(file, files)} has text that is not UTF-8; "
                        "write it as UTF-8, or leave the column out"
                    )
        damaged = isinstance(error, pl.exceptions.ComputeError) and all(map(_whole, files))
        if damaged and any(word in text for word in _DAMAGE):
            one = "the file" if len(files) == 1 else "one of the files"
            return f"{one} is a Parquet file that is damaged inside; write it again"
        return None

    def unreadable(self, file: Path, error: BaseException) -> str:
        if not _whole(file):
            return (
                "is no whole Parquet file: it is empty, cut off or of another kind; write it again"
            )
        if isinstance(error, pl.exceptions.PanicException):
            return "has a column of a type that is not read; write it as text"
        return "is a Parquet file that is damaged inside; write it again"


def _alike(files: Sequence[Path]) -> list[list[Path]]:
    """The files in their order, with neighbours of the same columns and types together."""
    if len(files) == 1:
        return [list(files)]
    alike = itertools.groupby(files, key=lambda file: list(pl.read_parquet_schema(file).items()))
    return [list(group) for _, group in alike]


def _scanned(files: Sequence[Path], columns: Mapping[str, TopColumn]) -> pl.LazyFrame:
    frame = pl.scan_parquet(list(files), glob=False)
    if any(each.int96 for each in columns.values()):
        frame = _with_int96(files, frame.collect_schema(), columns)
    unread = [name for name, each in columns.items() if each.unread]
    return _without_offsets(_with_texts(frame.drop(unread, strict=False), columns))


def _with_texts(frame: pl.LazyFrame, columns: Mapping[str, TopColumn]) -> pl.LazyFrame:
    """Identifiers and JSON as the text that they are; polars gives their bytes."""
    texts = {}
    for name, dtype in frame.collect_schema().items():
        known = columns.get(name, TopColumn())
        if known.uuid and isinstance(dtype, pl.Binary):
            texts[name] = uuid_text(name)
        elif known.json and not isinstance(dtype, pl.String):
            stored = isinstance(dtype, pl.Binary)
            texts[name] = (pl.col(name) if stored else pl.col(name).ext.storage()).cast(pl.String)
    return frame.with_columns(**texts) if texts else frame


def uuid_text(name: str) -> pl.Expr:
    """A column of the 16 bytes of identifiers as `123e4567-e89b-12d3-a456-426614174000`."""
    digits = pl.col(name).bin.encode("hex")
    ends = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
    parts = [digits.str.slice(start, length) for start, length in ends]
    return pl.concat_str(parts, separator="-").alias(name)


def _as_text(frame: pl.LazyFrame, types: Mapping[str, str]) -> pl.LazyFrame:
    schema = frame.collect_schema()
    plain = [name for name in types if name in schema and not schema[name].is_nested()]
    return frame.with_columns(pl.col(plain).cast(pl.String)) if plain else frame


def _with_int96(
    files: Sequence[Path], schema: pl.Schema, columns: Mapping[str, TopColumn]
) -> pl.LazyFrame:
    microseconds = {
        name: _in_microseconds(dtype) if name in columns and columns[name].int96 else dtype
        for name, dtype in schema.items()
    }
    return pl.scan_parquet(list(files), glob=False, schema=microseconds, cast_options=_NANOSECONDS)


def _in_microseconds(dtype: pl.DataType) -> pl.DataType:
    return _with_times(dtype, lambda time: pl.Datetime("us", time.time_zone))


def _without_offsets(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Moments with an offset for a time zone, such as +05:30, in UTC: polars knows names alone."""
    schema = frame.collect_schema()
    types = {name: _with_times(dtype, _in_utc) for name, dtype in schema.items()}
    return frame.with_columns(
        pl.col(name).cast(dtype) for name, dtype in types.items() if dtype != schema[name]
    )


def _in_utc(time: pl.Datetime) -> pl.Datetime:
    offset = time.time_zone is not None and time.time_zone[0] in "+-"
    return pl.Datetime(time.time_unit, "UTC") if offset else time


def _with_times(dtype: pl.DataType, change: Callable[[pl.Datetime], pl.DataType]) -> pl.DataType:
    """The type with other types of the times in it."""
    if isinstance(dtype, pl.Datetime):
        return change(dtype)
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.DataType):
        return pl.List(_with_times(dtype.inner, change))
    if isinstance(dtype, pl.Struct):
        parts = {part.name: part.dtype for part in dtype.fields}
        return pl.Struct(
            {
                name: _with_times(part, change) if isinstance(part, pl.DataType) else part
                for name, part in parts.items()
            }
        )
    return dtype


def _decodes(frame: pl.LazyFrame, name: str) -> bool:
    try:
        frame.select(pl.col(name).last()).collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True


def _whole(file: Path) -> bool:
    """Whether it begins and ends as the format wants it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        begin = content.read(len(_MAGIC))
        content.seek(max(size - len(_MAGIC), 0))
        return begin == content.read() == _MAGIC and size > 2 * len(_MAGIC)
