"""From a column of the source to the value that CleverTap takes, or the reason why not."""

from collections.abc import Callable

import polars as pl

from ct_assets.clevertap.contract import LIMITS, FieldType, Limits
from ct_assets.mapping.convert import choices, contacts, dates, items, lists, numbers, text
from ct_assets.mapping.convert.conversion import (
    Converted,
    Steps,
    Target,
    TypeMismatchError,
    prepare,
)
from ct_assets.mapping.convert.dtypes import natural_type
from ct_assets.mapping.convert.names import field_type, problems_of_name
from ct_assets.mapping.convert.structs import Flat, flatten

__all__ = [
    "LIMITS",
    "Converted",
    "FieldType",
    "Flat",
    "Limits",
    "Target",
    "TypeMismatchError",
    "convert",
    "field_type",
    "flatten",
    "prepare",
    "problems_of_name",
]

Conversion = Callable[[pl.Expr, pl.DataType, Target, Steps], Converted]

_CONVERSIONS: dict[FieldType, Conversion] = {
    FieldType.STRING: text.string,
    FieldType.INTEGER: numbers.integer,
    FieldType.FLOAT: numbers.float_,
    FieldType.BOOLEAN: choices.boolean,
    FieldType.DATE: dates.date,
    FieldType.LIST: lists.multi_value,
    FieldType.PHONE: contacts.phone,
    FieldType.EMAIL: contacts.email,
    FieldType.GENDER: choices.gender,
    FieldType.YES_NO: choices.yes_no,
    FieldType.EDUCATION: choices.education,
    FieldType.AGE: numbers.age,
    FieldType.GROUPS: lists.groups,
    FieldType.ITEMS: items.items,
    FieldType.TIMESTAMP: dates.timestamp,
    FieldType.IDENTITY: text.identity,
    FieldType.OBJECT_ID: text.object_id,
    FieldType.EVENT_NAME: text.event_name,
}


def convert(source: pl.Expr, dtype: pl.DataType, target: Target) -> Converted:
    """Expressions that fill `target` from `source`, a column of type `dtype`.

    Blank text counts as nothing to send, except where the field takes text as it is. A column of
    type Null gives nulls, whatever the field.

    Raises:
        TypeMismatchError: The type can never fit, whatever the rows hold.
    """
    kind = target.type or natural_type(dtype, target)
    steps = Steps(target.slot or target.field)
    if isinstance(dtype, pl.Null):
        return steps.checked(source.cast(pl.String))
    return _CONVERSIONS[kind](source, dtype, target, steps)
