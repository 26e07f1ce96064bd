"""Lists and structs become one text of JSON each, where CleverTap takes no nested values."""

import json

import polars as pl

from ct_assets.clevertap import record
from ct_assets.mapping.convert.conversion import Target
from ct_assets.mapping.convert.dtypes import dtype_of, entry_of, inner, is_list, is_whole, text
from ct_assets.mapping.convert.text import written


def as_json(value: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    """The text, null where the value is; keys without a value are left out, not so in lists.

    Dates and times are texts of ISO 8601, and what is no finite number is null.

    Raises:
        TypeMismatchError: JSON has nothing for a type inside.
    """
    if is_list(dtype):
        values = value.arr.to_list() if isinstance(dtype, pl.Array) else value
        each = as_json(pl.element(), inner(dtype), target).fill_null("null")
        return _text("[", values.list.eval(each).list.join(","), "]")
    if isinstance(dtype, pl.Map):
        return _object(value, dtype, target)
    if isinstance(dtype, pl.Struct):
        members = [_member(value, part, target) for part in dtype.fields]
        joined = pl.concat_str(members, separator=",", ignore_nulls=True) if members else pl.lit("")
        return pl.when(value.is_not_null()).then(_text("{", joined, "}"))
    if isinstance(dtype, pl.Null):
        return value.cast(pl.String)
    if is_whole(dtype):
        return value.cast(pl.String)
    if dtype.is_float():
        return pl.when(value.is_finite()).then(value).cast(pl.String)
    if dtype.is_temporal():
        return _text('"', written(value, dtype, target), '"')
    if isinstance(dtype, pl.Binary | pl.Object):
        return written(value, dtype, target)
    return record.encoded(value, dtype)


def _object(value: pl.Expr, dtype: pl.Map, target: Target) -> pl.Expr:
    entry = entry_of(dtype)
    entries = value.cast(pl.List(entry))
    key, kind = (dtype_of(part) for part in entry.fields)
    name = text(pl.element().struct.field("key"), key)
    member = _text(
        as_json(name, pl.String(), target),
        ":",
        as_json(pl.element().struct.field("value"), kind, target),
    )
    return _text("{", entries.list.eval(member.drop_nulls()).list.join(","), "}")


def _member(value: pl.Expr, part: pl.Field, target: Target) -> pl.Expr:
    name = json.dumps(part.name, ensure_ascii=False)
    return _text(f"{name}:", as_json(value.struct.field(part.name), dtype_of(part), target))


def _text(*parts: str | pl.Expr) -> pl.Expr:
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part for part in parts])
