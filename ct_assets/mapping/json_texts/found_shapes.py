"""FoundShapes are the types that fit all texts of JSON of a column: those of `json: true`."""

from collections.abc import Iterator, Mapping
from functools import partial

import polars as pl
from polars.datatypes import DataTypeClass

from ct_assets.mapping.binder.field_reader import FieldReader
from ct_assets.mapping.binder.wide_integers import widened
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.json_texts.json_decoder import readable

ROWS = 50_000
"""Looked at together."""


def found_shapes(sync: Sync, source: pl.LazyFrame) -> Mapping[str, pl.DataType]:
    """By field; a field whose column has no JSON has none. The column is read once."""
    return {name: dtype for name, dtype in _found(sync, source) if dtype is not None}


def _found(sync: Sync, source: pl.LazyFrame) -> Iterator[tuple[str, pl.DataType | None]]:
    wanted = {name: field for name, field in sync.fields.items() if field.json_ is True}
    for name, field in wanted.items():
        reader = FieldReader(sync.name, sync.source, source.collect_schema())
        read = reader.read(field, name)
        if not isinstance(read.dtype, pl.String):
            continue
        rows = widened(source, reader.widened, partial(_with, reader.inputs))
        dtype = _shape(rows.select(read.source.alias("text")))
        yield name, None if isinstance(dtype, pl.Null) else _filled(dtype)


def _with(inputs: Mapping[str, pl.Expr], frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.with_columns(**inputs)


def _shape(texts: pl.LazyFrame) -> pl.DataType:
    dtype: pl.DataType = pl.Null()
    objects: bool | None = None
    for batch in texts.collect_batches(chunk_size=ROWS):
        rows = readable(batch["text"]).drop_nulls()
        if len(rows) and objects is None:  # what most are: no type has objects beside lists
            objects = rows.str.starts_with("{").sum() > rows.str.starts_with("[").sum()
        dtype = union(dtype, _inferred(rows.filter(rows.str.starts_with("{") == objects))) or dtype
    return dtype


def _inferred(texts: pl.Series) -> pl.DataType:
    """Null where there is none: texts that are no JSON are passed over, and rejected later."""
    if not len(texts):
        return pl.Null()
    try:
        return texts.str.json_decode(infer_schema_length=None).dtype
    except pl.exceptions.ComputeError:
        if len(texts) == 1:
            return pl.Null()
        middle = len(texts) // 2
        first = _inferred(texts[:middle])
        return union(first, _inferred(texts[middle:])) or first


def union(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    """The type of the values of both, as polars makes it of one batch; None if there is none."""
    if one == other or isinstance(other, pl.Null):
        return one
    if isinstance(one, pl.Null):
        return other
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        inner = union(_instance(one.inner), _instance(other.inner))
        return None if inner is None else pl.List(inner)
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        members = {member.name: _instance(member.dtype) for member in one.fields}
        for member in other.fields:
            dtype = union(members.get(member.name, pl.Null()), _instance(member.dtype))
            if dtype is None:
                return None
            members[member.name] = dtype
        return pl.Struct(members)
    lists = [each for each in (one, other) if isinstance(each, pl.List)]
    if lists and not (one if one not in lists else other).is_nested():  # a list of that one value
        return union(lists[0], pl.List(one if one not in lists else other))
    if one.is_nested() or other.is_nested():
        return None
    return pl.Float64() if {one, other} == {pl.Int64(), pl.Float64()} else pl.String()


def _filled(dtype: pl.DataType) -> pl.DataType:
    """Text where nothing has a value; lists that are all empty stay lists of nothing."""
    if dtype == pl.List(pl.Null()):
        return dtype
    if isinstance(dtype, pl.List):
        return pl.List(_filled(_instance(dtype.inner)))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({each.name: _filled(_instance(each.dtype)) for each in dtype.fields})
    return pl.String() if isinstance(dtype, pl.Null) else dtype


def _instance(dtype: pl.DataType | DataTypeClass) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
