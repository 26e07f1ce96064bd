"""Lists become multi-value properties and subscription groups."""

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import CHANNELS, FieldType
from ct_assets.mapping.convert.conversion import (
    NOT_FINITE,
    OUTSIDE,
    Check,
    Converted,
    Steps,
    Target,
    converts_to,
    counted,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import dtype_of, in_calendar, inner, is_list, is_text, trimmed
from ct_assets.mapping.convert.text import DATE_MARK, written

# An array of JSON with texts, numbers and nulls.
_HEX = "[0-9a-fA-F]{2}"
_CODE = rf"(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]|[dD][0-7]){_HEX}|[dD][89abAB]{_HEX}\\u[dD][c-fC-F]{_HEX}"
_TEXT = rf'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u(?:{_CODE})))*"'
# Of so few digits that no reader of JSON writes them in another way.
_NUMBER = r"-?(?:0|[1-9][0-9]{0,17}|(?:0|[1-9][0-9]{0,9})\.[0-9]{0,4}[1-9])"
_VALUE = rf"(?:{_TEXT}|{_NUMBER}|null)"
_JSON_ARRAY = rf"^\[\s*(?:{_VALUE}(?:\s*,\s*{_VALUE})*)?\s*\]$"
# Arrays as other programs write them, or JSON that is cut off or nested.
_ARRAY = r"""(?s)^(?:\[\s*["'\[{]|\[\s*-?[0-9].*\]$|\{.*\}$)"""
_UNREADABLE = (
    "an array as text, and no JSON array of texts or numbers: write it as one, such as "
    '["a", "b"], or with the separator alone between its values'
)


@converts_to(FieldType.LIST)
def multi_value(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """Unique texts in their order; nulls and empty texts among them are left out."""
    if target.object == "event":
        wanted = (
            "properties of events are single values (code 512): join them with `expr:`, or declare "
            "`nested: json` for one text of JSON."
        )
        raise mismatch(target, dtype, wanted)
    values = steps.keep("values", _values(source, dtype, target))
    return steps.checked(_if_any(values), *_checks(source, dtype, values, target))


@converts_to(FieldType.GROUPS)
def groups(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """`{"email": ["group", ...]}`; a plain list, or text, is taken for groups of e-mail."""
    if target.object == "event":
        raise mismatch(target, dtype, "subscription groups belong to profiles.")
    lists, checks = {}, []
    for channel, (part, kind) in _channels(source, dtype, target).items():
        lists[channel] = steps.keep(channel, _values(part, kind, target))
        checks += _checks(part, kind, lists[channel], target)
    whole = pl.struct(_if_any(values).alias(channel) for channel, values in lists.items())
    present = pl.any_horizontal(values.list.len() > 0 for values in lists.values())
    return steps.checked(pl.when(present).then(whole), *checks)


def _channels(
    source: pl.Expr, dtype: pl.DataType, target: Target
) -> dict[str, tuple[pl.Expr, pl.DataType]]:
    if not isinstance(dtype, pl.Struct):
        return {"email": (source, dtype)}
    if not {field.name for field in dtype.fields} <= set(CHANNELS) or not dtype.fields:
        wanted = f"its fields are channels ({', '.join(CHANNELS)}), each a list of groups."
        raise mismatch(target, dtype, wanted)
    return {
        field.name: (source.struct.field(field.name), dtype_of(field)) for field in dtype.fields
    }


def _if_any(values: pl.Expr) -> pl.Expr:
    return pl.when(values.list.len() > 0).then(values)


def _checks(source: pl.Expr, dtype: pl.DataType, values: pl.Expr, target: Target) -> list[Check]:
    longest, most = target.limits.value_bytes, target.limits.list_items
    length = values.list.len()
    drops = f"values, and CleverTap drops the oldest beyond {most}: shorten the list in the source"
    checks = [
        Check(length > most, RejectedCode("list_too_long"), counted(length, drops)),
        Check(
            values.list.eval(pl.element().str.len_bytes()).list.max() > longest,
            RejectedCode("list_value_too_long"),
            f"has a value of more than {longest} bytes, and CleverTap takes no more: shorten it in "
            "the source",
        ),
        Check(
            values.list.eval(pl.element().str.starts_with(DATE_MARK)).list.any(),
            RejectedCode("text_looks_like_date"),
            f"has a value that begins with {DATE_MARK}, by which CleverTap knows a date, and lists "
            "have texts: change its beginning in the source",
        ),
    ]
    if is_text(dtype):
        text = trimmed(source, dtype)
        other = text.str.contains(_ARRAY) & ~text.str.contains(_JSON_ARRAY)
        checks.append(Check(other, RejectedCode("list_unreadable"), _UNREADABLE))
    if inner(dtype).is_float():
        finite = _as_list(source, dtype).list.eval(pl.element().is_finite())
        checks.append(Check(~finite.list.all(), *NOT_FINITE))
    if isinstance(inner(dtype), pl.Date | pl.Datetime):
        within = in_calendar(pl.element(), inner(dtype)).is_not_null() | pl.element().is_null()
        checks.append(Check(~_as_list(source, dtype).list.eval(within).list.all(), *OUTSIDE))
    return checks


def _values(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    kind = inner(dtype)
    if is_text(dtype):
        values = _split(source, dtype, target)
    elif not is_list(dtype):
        raise mismatch(target, dtype, "the field takes a list of texts.")
    elif isinstance(kind, pl.Null):
        values = _as_list(source, dtype).cast(pl.List(pl.String))
    else:
        values = _as_list(source, dtype).list.eval(written(pl.element(), kind, target))
    some = pl.element().filter(pl.element().str.len_bytes() > 0)
    return values.list.eval(some.unique(maintain_order=True))


def _as_list(source: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return source.arr.to_list() if isinstance(dtype, pl.Array) else source


def _split(source: pl.Expr, dtype: pl.DataType, target: Target) -> pl.Expr:
    if target.separator is None:
        wanted = "the field takes a list: declare what stands between its values, as in "
        raise mismatch(target, dtype, wanted + "`separator: ','`.")
    text = trimmed(source, dtype)
    array = text.str.contains(_JSON_ARRAY)
    parts = pl.when(~array).then(text).str.split(target.separator)
    values = pl.when(array).then(text).str.json_decode(pl.List(pl.String))
    return pl.coalesce(parts, values).list.eval(trimmed(pl.element(), pl.String()))
