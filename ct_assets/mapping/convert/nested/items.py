"""Items of a Charged event are made of a list of flat records."""

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import (
    CONVERSIONS,
    Check,
    Converted,
    Inline,
    Steps,
    Target,
    TypeMismatchError,
    converts_to,
    counted,
    mismatch,
)
from ct_assets.mapping.convert.dtypes import dtype_of, inner, is_list, natural_type
from ct_assets.mapping.convert.names import problems_of_name
from ct_assets.mapping.reasons import CodeText

_FEWER = "split the purchase, or add up small items in the source"


@converts_to(FieldType.ITEMS)
def items(source: pl.Expr, dtype: pl.DataType, target: Target, steps: Steps) -> Converted:
    """Every value of every item must convert; items without a value are left out."""
    kind = inner(dtype)
    if is_list(dtype) and isinstance(kind, pl.Null):  # lists of JSON that are all empty
        return steps.checked(pl.lit(None, pl.String))
    if not (is_list(dtype) and isinstance(kind, pl.Struct) and kind.fields):
        raise mismatch(target, dtype, "Items are a list of structs, each a flat record.")
    rows = source.arr.to_list() if isinstance(dtype, pl.Array) else source
    values = [pl.element().struct.field(field.name).is_not_null() for field in kind.fields]
    some = pl.element().filter(pl.any_horizontal(values))
    rows = steps.keep("rows", rows.list.eval(some))
    fields = {field.name: _field(field, target) for field in kind.fields}
    written = [converted.value.alias(name) for name, converted in fields.items()]
    value = steps.keep("items", rows.list.eval(pl.struct(written)))
    most = target.limits.items
    return steps.checked(
        pl.when(value.list.len() > 0).then(value),
        Check(
            rows.list.len() > most,
            RejectedCode("items_too_many"),
            counted(rows.list.len(), f"items, and an event takes {most}: {_FEWER}"),
        ),
        *(
            _every(rows, name, converted)
            for name, converted in fields.items()
            if not converted.failed.meta.is_literal()
        ),
    )


def _field(field: pl.Field, target: Target) -> Converted:
    dtype = dtype_of(field)
    inside = Target(
        f"{target.field}.{field.name}",
        object="event",
        timezone=target.timezone,
        inside=True,
        limits=target.limits,
    )
    problem = problems_of_name("item", field.name, limits=target.limits)
    if problem:
        raise TypeMismatchError(f"{target.field} has a value named {field.name!r}: {problem}")
    if dtype.is_nested():
        flat = (
            "values inside Items must be flat (code 512): take it apart in the source's SQL, or "
            "name the keys to send in the shape of its `json:`."
        )
        raise mismatch(inside, dtype, flat)
    value = pl.element().struct.field(field.name)
    if isinstance(dtype, pl.Null):
        value, dtype = value.cast(pl.String), pl.String()
    convert = CONVERSIONS[natural_type(dtype, inside)]
    return convert(value, dtype, inside, Inline(inside.field))


def _every(rows: pl.Expr, name: str, converted: Converted) -> Check:
    return Check(
        rows.list.eval(converted.failed).list.any(),
        CodeText(rows.list.eval(converted.code.drop_nulls()).list.first()),
        pl.lit(f"{name} of an item: ")
        + rows.list.eval(converted.message.drop_nulls()).list.first(),
    )
