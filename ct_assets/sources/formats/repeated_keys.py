"""RepeatedKeys finds a line of JSON that has one key of an object twice; polars takes the first."""

import glob
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl
from polars.datatypes import DataTypeClass

from ct_assets.errors import hushed
from ct_assets.sources.formats.text_file import is_gzip, line_of, opened
from ct_assets.sql import literal
from ct_assets.sql import opened as database


def repeated_key(files: Sequence[Path], schema: pl.Schema) -> str | None:
    """The first such line, by the objects that the columns of `schema` are made of."""
    places = ["$", *(place for name, dtype in schema.items() for place in _objects(name, dtype))]
    for file in files:
        if _has_one(file, places) and (found := _first(file)):
            number, key = found
            return (
                f"{line_of(number, file, files)} has the key {key!r} twice in one object, and only "
                "one of its values can be read; write each key once"
            )
    return None


def _objects(name: str, dtype: pl.DataType | DataTypeClass, above: str = "$") -> Iterator[str]:
    """The places of objects in a column, as paths of DuckDB; `[*]` stands for all of a list.

    A quote in a name makes a path that DuckDB does not read: such files are read line by line.
    """
    place = f'{above}."{name}"'
    while isinstance(dtype, pl.List):
        place, dtype = f"{place}[*]", dtype.inner
    if isinstance(dtype, pl.Struct):
        yield place
        for member in dtype.fields:
            yield from _objects(member.name, member.dtype, place)


def _has_one(file: Path, places: Sequence[str]) -> bool:
    """DuckDB looks at many lines at once; what it does not read is looked at line by line."""
    twice = " or ".join(map(_twice, places))
    compression = "gzip" if is_gzip(file) else "none"
    lines = f"read_ndjson_objects({literal(glob.escape(str(file)))}, compression = '{compression}')"
    try:
        with database() as connection:
            query = f"select 1 from {lines} where {twice} limit 1"  # noqa: S608
            found = connection.execute(query).fetchone()
    except duckdb.Error as error:
        hushed(error)
        return True
    return found is not None


def _twice(place: str) -> str:
    keys = f"json_keys(json, {literal(place)})"
    if "[*]" not in place:
        return f"len({keys}) > list_unique({keys})"
    return f"len(list_filter({keys}, lambda found: len(found) > list_unique(found))) > 0"


class _Repeated(Exception):  # noqa: N818 - it carries a key out of the decoder
    pass


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    row: dict[str, object] = {}
    for key, value in members:
        if key in row:
            raise _Repeated(key)
        row[key] = value
    return row


def _first(file: Path) -> tuple[int, str] | None:
    """The number of the line, and the key."""
    with opened(file) as lines:
        for number, line in enumerate(lines, start=1):
            if line.isspace():
                continue
            try:
                json.loads(line, object_pairs_hook=_once)
            except _Repeated as repeated:
                return number, str(repeated)
    return None
