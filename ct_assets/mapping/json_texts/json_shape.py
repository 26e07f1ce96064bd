"""JsonShape is the form of JSON that a field declares: a kind, `[SHAPE]`, or keys with shapes."""

from collections.abc import Mapping, Sequence

import polars as pl

from ct_assets.mapping.convert.column_types import given, typed
from ct_assets.mapping.declaration.problems import mistake, near, shown

KINDS = ("string", "integer", "float", "boolean", "date")
Shape = str | Sequence["Shape"] | Mapping[str, "Shape"]


def check(raw: object) -> None:
    """Raises a mistake, in words for its author, unless it is a shape."""
    if isinstance(raw, str):
        if raw not in KINDS:
            raise mistake(f"{raw!r} is no kind of value{near(raw, KINDS)} {_KNOWN}")
    elif isinstance(raw, Mapping) and raw:
        for name, member in raw.items():
            if not isinstance(name, str):
                raise mistake(f"has the key {shown(name)}, which is no text: put it into quotes.")
            check(member)
    elif isinstance(raw, list | tuple) and len(raw) == 1:
        check(raw[0])
    elif isinstance(raw, list | tuple):
        raise mistake(f"has a list of {len(raw)} shapes. Write one, that of all its values.")
    else:
        raise mistake(f"must be true or the shape of the JSON, not {shown(raw)}. {_SUCH_AS}")


_KNOWN = f"Known: {', '.join(KINDS)}."
_SUCH_AS = "Write one such as `json: [{sku: string, price: float}]`, or true to have it found."


def as_texts(shape: Shape) -> pl.DataType:
    """The type of its values while each single one is text: no digit is lost."""
    if isinstance(shape, str):
        return pl.String()
    if isinstance(shape, Mapping):
        return pl.Struct({name: as_texts(member) for name, member in shape.items()})
    return pl.List(as_texts(shape[0]))


def of_kinds(texts: pl.Expr, shape: Shape) -> pl.Expr:
    """The values in their kinds, null where a text is none of its kind."""
    if isinstance(shape, str):
        return typed(texts, shape)
    if isinstance(shape, Mapping):
        members = (
            of_kinds(texts.struct.field(name), member).alias(name) for name, member in shape.items()
        )
        return pl.when(texts.is_not_null()).then(pl.struct(members))
    return texts.list.eval(of_kinds(pl.element(), shape[0]))


def misfit(texts: pl.Expr, shape: Shape) -> pl.Expr:
    """Whether a text inside is none of its kind; null where there are none."""
    if isinstance(shape, str):
        return given(texts, shape) & typed(texts, shape).is_null()
    if isinstance(shape, Mapping):
        return pl.any_horizontal(
            misfit(texts.struct.field(name), member) for name, member in shape.items()
        )
    return texts.list.eval(misfit(pl.element(), shape[0])).list.any()
