"""Columns of Parquet files are looked at before polars reads them, which panics on some types.

DuckDB reads the footers: the type in which values are stored, of which polars' schema says nothing.
"""

import functools
import glob
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from ct_assets.mapping.convert.column_types import MOST_DIGITS
from ct_assets.sources.formats.source_format import which
from ct_assets.sql import literal, opened

_FOOTERS = """
select file_name, name, type, coalesce(num_children, 0),
    concat(converted_type, ' ', logical_type), coalesce(precision, 0)
from parquet_schema([{files}])
"""


@dataclass(frozen=True)
class TopColumn:
    """A column, with all that is inside of it if it is a list or a struct."""

    int96: bool = False
    uuid: bool = False
    """Whether its bytes are identifiers."""
    json: bool = False
    """Whether its bytes are text of JSON."""
    unread: str = ""
    """Why its values cannot be read, and what to do; the others can."""
    wrong: str = ""
    """Why the file cannot be read because of it, and what to do."""


class _Node(NamedTuple):
    name: str
    stored: str | None
    """The physical type; None of a group."""
    children: int
    meaning: str
    precision: int


def columns_of(files: Sequence[Path]) -> Mapping[str, TopColumn]:
    """The columns with something to know about them; none of files that DuckDB cannot open."""
    return _columns_of(tuple(files), tuple(file.stat() for file in files))


@functools.lru_cache(maxsize=2)
def _columns_of(
    files: Sequence[Path],
    as_they_are: Sequence[os.stat_result],  # noqa: ARG001 - part of what is remembered
) -> Mapping[str, TopColumn]:
    columns: dict[str, TopColumn] = {}
    for file, nodes in _footers(files):
        top = list(_top(iter(nodes)))
        for name, copies in Counter(nodes[0].name for nodes in top).items():
            if copies > 1:
                wrong = f"{which(file, files)} has the column {name!r} {_times(copies)}; "
                columns[name] = TopColumn(wrong=wrong + "give each column a name of its own")
        for parts in top:
            name = parts[0].name
            column = _judged(name, parts, which(file, files))
            columns[name] = _both(columns.get(name, TopColumn()), column)
    return {name: column for name, column in columns.items() if column != TopColumn()}


def _footers(files: Sequence[Path]) -> list[tuple[Path, list[_Node]]]:
    names = (glob.escape(str(file)) for file in files)
    query = _FOOTERS.format(files=", ".join(map(literal, names)))
    try:
        with opened(settings={"threads": 1}) as connection:
            rows = connection.sql(query).fetchall()
    except duckdb.Error:
        return []  # polars fails on it, too, and its reason is told
    by_file: dict[str, list[_Node]] = {}
    for file, *node in rows:
        by_file.setdefault(file, []).append(_Node(*node))
    return [(Path(file), nodes) for file, nodes in by_file.items()]


def _top(nodes: Iterator[_Node]) -> Iterator[list[_Node]]:
    """Each column with all nodes inside of it; they are listed depth first, behind the root."""
    root = next(nodes)
    for _ in range(root.children):
        yield list(_below(nodes))


def _below(nodes: Iterator[_Node]) -> Iterator[_Node]:
    node = next(nodes)
    yield node
    for _ in range(node.children if node.stored is None else 0):
        yield from _below(nodes)


def _judged(name: str, parts: Sequence[_Node], file: str) -> TopColumn:
    digits = max((part.precision for part in parts if "DECIMAL" in part.meaning.upper()), default=0)
    if any("INTERVAL" in part.meaning.upper() for part in parts):
        wrong = f"column {name!r} of {file} has intervals, which are not read; write them as text"
        return TopColumn(wrong=wrong)
    if digits > MOST_DIGITS:
        unread = f"a decimal of {digits} digits, and {MOST_DIGITS} are read; write it as text"
        return TopColumn(unread=unread)
    if any(part.stored is None and not part.children for part in parts[:1]):
        return TopColumn(unread="an object without keys")
    meaning = parts[0].meaning.upper() if parts[0].stored is not None else ""
    return TopColumn(
        int96=any(part.stored == "INT96" for part in parts),
        uuid="UUID" in meaning,
        json="JSON" in meaning,
    )


def _both(one: TopColumn, other: TopColumn) -> TopColumn:
    return TopColumn(
        one.int96 or other.int96,
        one.uuid or other.uuid,
        one.json or other.json,
        one.unread or other.unread,
        one.wrong or other.wrong,
    )


def _times(copies: int) -> str:
    return "twice" if copies == 2 else f"{copies} times"
