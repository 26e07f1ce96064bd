"""Converts columns of the source into values that CleverTap takes, or says why not.

Every module in here is loaded, since each registers its own with `converts_to`: a new type is a
member of `FieldType`, a function with that decorator, and nothing in this file.
"""

import importlib
import pkgutil

import polars as pl

from ct_assets.clevertap.contract import LIMITS, Limits
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import (
    CONVERSIONS,
    Converted,
    Steps,
    Target,
    TypeMismatchError,
    prepare,
)
from ct_assets.mapping.convert.dtypes import natural_type
from ct_assets.mapping.convert.names import field_type, problems_of_name
from ct_assets.mapping.convert.nested.json_text import as_json
from ct_assets.mapping.convert.nested.structs import Flat, flatten

__all__ = [
    "LIMITS",
    "Converted",
    "FieldType",
    "Flat",
    "Limits",
    "Target",
    "TypeMismatchError",
    "as_json",
    "convert",
    "field_type",
    "flatten",
    "prepare",
    "problems_of_name",
]

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_module.name)


def convert(source: pl.Expr, dtype: pl.DataType, target: Target) -> Converted:
    """Expressions that fill `target` from `source`, a column of type `dtype`.

    Blank text counts as nothing to send, except where the field takes text as it is. A column of
    type Null gives nulls, whatever the field.

    Raises:
        TypeMismatchError: The type can never fit, whatever the rows hold.
    """
    type_ = target.type or (FieldType.DATE if target.formats else natural_type(dtype, target))
    steps = Steps(target.slot or target.field)
    if isinstance(dtype, pl.Null):
        return steps.checked(source.cast(pl.String))
    return CONVERSIONS[type_](source, dtype, target, steps)
