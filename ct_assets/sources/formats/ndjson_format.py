"""NdjsonFormat reads files with one JSON object in each line, in types that fit all lines."""

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.datatypes import DataTypeClass

from ct_assets.mapping.convert.numbers import WHOLE_IN_FLOAT
from ct_assets.sources.formats.json_lines import lone_surrogate, lost_digits, wrong_in_lines
from ct_assets.sources.formats.repeated_keys import repeated_key
from ct_assets.sources.formats.source_format import FileError, SourceFormat, named

_NUMBERS = (pl.Int64(), pl.Int128(), pl.Float64())


class NdjsonFormat(SourceFormat):
    """A key that a line lacks is null there; lists and objects arrive as they are.

    Types are inferred from all lines of all files; columns of `types` are read as text. Numbers
    and text in one column make it text, and so does a key that never has a value.
    """

    name = "NDJSON"
    suffixes = (".ndjson", ".jsonl")
    gzipped = True

    def scan(self, files: Sequence[Path], types: Mapping[str, str]) -> pl.LazyFrame:
        schema = {name: _filled(dtype) for name, dtype in _columns(files, types).items()}
        return pl.scan_ndjson([_path(file) for file in files], schema=schema)

    def check_text(self, files: Sequence[Path]) -> None:
        if wrong := lone_surrogate(files):
            raise FileError(f"{named(files)}: {wrong}")

    def check(self, files: Sequence[Path], staged: Path) -> None:
        """Fail where polars takes the first of two values of a key, or a float for its digits."""
        rows = pl.scan_parquet(staged, glob=False)
        wrong = repeated_key(files, rows.collect_schema()) or lost_digits(files, _large(rows))
        if wrong:
            raise FileError(f"{named(files)}: {wrong}")

    def broken(self, files: Sequence[Path], error: BaseException) -> str | None:  # noqa: ARG002
        return wrong_in_lines(files)


def _large(rows: pl.LazyFrame) -> Sequence[str]:
    """Columns of floats with a number that may have been a whole one of more digits."""
    floats = [name for name, dtype in rows.collect_schema().items() if dtype == pl.Float64]
    if not floats:
        return []
    largest = rows.select(pl.col(floats).abs().max()).collect(engine="streaming")
    return [name for name in floats if (largest[name].item() or 0) >= WHOLE_IN_FLOAT]


def _path(file: Path) -> str:
    """Nothing in it is a pattern."""
    return glob.escape(str(file))


def _columns(files: Sequence[Path], types: Mapping[str, str]) -> Mapping[str, pl.DataType]:
    """The columns of all files in one; polars would infer them from the first file alone."""
    columns: dict[str, pl.DataType] = {}
    since: dict[str, Path] = {}
    for file in files:
        schema = pl.scan_ndjson(_path(file), infer_schema_length=None).collect_schema()
        for name, dtype in schema.items():
            if name in types:
                columns[name] = pl.String()
                continue
            fitting = _union(columns.get(name, pl.Null()), dtype)
            if fitting is None:
                raise FileError(
                    f"{named(files)}: column {name!r} is {columns[name]} in {since[name].name} and "
                    f"{dtype} in {file.name}; name it in `types` to read it as text, or declare "
                    "each kind as a source of its own"
                )
            if fitting != columns.get(name):
                columns[name], since[name] = fitting, file
    return columns


def _union(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    """The type that holds the values of both; None if there is none without making them text."""
    if one == other or isinstance(other, pl.Null):
        return one
    if isinstance(one, pl.Null):
        return other
    if one in _NUMBERS and other in _NUMBERS:
        return max(one, other, key=_NUMBERS.index)
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        inner = _union(_instance(one.inner), _instance(other.inner))
        return None if inner is None else pl.List(inner)
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        return _union_of_objects(_members(one), _members(other))
    return None


def _union_of_objects(
    one: Mapping[str, pl.DataType], other: Mapping[str, pl.DataType]
) -> pl.DataType | None:
    members = dict(one)
    for name, dtype in other.items():
        fitting = _union(members.get(name, pl.Null()), dtype)
        if fitting is None:
            return None
        members[name] = fitting
    return pl.Struct(members)


def _filled(dtype: pl.DataType) -> pl.DataType:
    """Text where nothing has a value: Parquet has no object without keys."""
    if isinstance(dtype, pl.List):
        return pl.List(_filled(_instance(dtype.inner)))
    if isinstance(dtype, pl.Struct) and dtype.fields:
        return pl.Struct({name: _filled(part) for name, part in _members(dtype).items()})
    return pl.String() if isinstance(dtype, pl.Null | pl.Struct) else dtype


def _members(dtype: pl.Struct) -> Mapping[str, pl.DataType]:
    return {member.name: _instance(member.dtype) for member in dtype.fields}


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
