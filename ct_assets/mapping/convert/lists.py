"""Multi-value properties and subscription groups."""

import polars as pl

from ct_assets.clevertap.contract import CHANNELS
from ct_assets.mapping.convert.dtypes import dtype_of, inner, is_list, is_text, trimmed
from ct_assets.mapping.convert.model import Check, Converted, Steps, Target, mismatch
from ct_assets.mapping.convert.text import written


def multi_value(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """Unique texts in their order; nulls and blanks inside are left out."""
    if target.object == "event":
        raise mismatch(
            target,
            dtype,
            "properties of events are single values (code 512). Join the values with `expr:`.",
        )
    values = steps.keep("values", _values(source, dtype, target))
    return steps.checked(pl.when(values.list.len() > 0).then(values), *_list_checks(values, target))


def _list_checks(values: pl.Expr, target: Target) -> tuple[Check, Check]:
    longest, most = target.limits.value_bytes, target.limits.list_items
    return (
        Check(
            values.list.len() > most,
            "list_too_long",
            pl.format(
                "{} values, and CleverTap keeps " + f"{most}: it drops the oldest in silence.",
                values.list.len(),
            ),
        ),
        Check(
            values.list.eval(pl.element().str.len_bytes()).list.max() > longest,
            "list_value_too_long",
            f"One of the values is longer than the {longest} bytes that CleverTap takes.",
        ),
    )


def _values(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    if is_text(dtype):
        return _unique(_split(source, dtype, target))
    if not is_list(dtype):
        raise mismatch(target, dtype, "the field takes a list of texts.")
    values = source.arr.to_list() if isinstance(dtype, pl.Array) else source
    kind = inner(dtype)
    if isinstance(kind, pl.Null):
        return values.cast(pl.List(pl.String))
    return _unique(values.list.eval(written(pl.element(), kind, target)))


def _unique(values: pl.Expr) -> pl.Expr:
    return values.list.eval(
        pl.element().filter(pl.element().str.len_bytes() > 0).unique(maintain_order=True)
    )


def _split(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    if target.separator is None:
        raise mismatch(
            target,
            dtype,
            "the field takes a list. Declare what stands between its values, as in "
            "`separator: ','`.",
        )
    parts = trimmed(source, dtype).str.split(target.separator)
    return parts.list.eval(trimmed(pl.element(), pl.String()))


def groups(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """`{"email": ["group", ...]}`; a plain list or text is taken for groups of e-mail."""
    if target.object == "event":
        raise mismatch(target, dtype, "subscription groups belong to profiles.")
    if not isinstance(dtype, pl.Struct):
        lists = {"email": steps.keep("email", _values(source, dtype, target))}
    else:
        _refuse_channels(dtype, target)
        lists = {
            field.name: steps.keep(
                field.name, _values(source.struct.field(field.name), dtype_of(field), target)
            )
            for field in dtype.fields
        }
    present = pl.any_horizontal(values.list.len() > 0 for values in lists.values())
    value = pl.when(present).then(
        pl.struct(values.alias(channel) for channel, values in lists.items())
    )
    return steps.checked(value, *(c for v in lists.values() for c in _list_checks(v, target)))


def _refuse_channels(dtype: pl.Struct, target: Target) -> None:
    unknown = [field.name for field in dtype.fields if field.name not in CHANNELS]
    if unknown or not dtype.fields:
        raise mismatch(
            target, dtype, f"its fields are the channels {', '.join(CHANNELS)}, each with a list."
        )
