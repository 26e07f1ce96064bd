"""JsonDecoder turns texts of JSON into values of one shape, and tells those that are of none."""

from dataclasses import replace
from functools import partial

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.mapping.convert.conversion import Converted
from ct_assets.mapping.convert.dtypes import trimmed
from ct_assets.mapping.json_texts.json_shape import Shape, as_texts, misfit, of_kinds
from ct_assets.mapping.reasons import first_code, first_text

VALUE, BAD = "value", "bad"
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"


def decoded(text: pl.Expr, dtype: pl.DataType, shape: Shape | None) -> pl.Expr:
    """A struct of the value, and of whether the text cannot be read as it.

    Args:
        text: A column of texts; blank ones and `null` have no value.
        dtype: The type of the values.
        shape: As declared, by which single values are read; left out, `dtype` says all.
    """
    given = pl.Struct({VALUE: dtype, BAD: pl.Boolean()})
    return text.map_batches(
        partial(_decoded, dtype=dtype, shape=shape), return_dtype=given, is_elementwise=True
    )


def unread(converted: Converted, bad: pl.Expr) -> Converted:
    """The conversion of a decoded value, failed where its text could not be read."""
    return replace(
        converted,
        value=pl.when(~bad).then(converted.value),
        failed=converted.failed | bad,
        code=first_code([(bad, _UNREADABLE), (converted.failed, converted.code)]),
        message=first_text([(bad, _MESSAGE), (converted.failed, converted.message)]),
    )


_UNREADABLE = RejectedCode("json_unreadable")
_MESSAGE = (
    "no JSON, or of another shape than that of the field: correct it in the source, or declare its "
    "shape with `json:`"
)


def dtype_of(shape: Shape) -> pl.DataType:
    """The type of the values of a declared shape."""
    none = pl.LazyFrame({VALUE: pl.Series([], dtype=as_texts(shape))})
    return none.select(of_kinds(pl.col(VALUE), shape).alias(VALUE)).collect_schema()[VALUE]


def readable(texts: pl.Series) -> pl.Series:
    """The texts without blanks around them, null where nothing, `null` or half a letter is left."""
    column = trimmed(pl.col("text"), pl.String())
    column = pl.when(column != "null").then(column)
    if texts.str.contains_any([r"\ud", r"\uD"]).any():
        column = pl.when(~_halved(column)).then(column)
    return texts.alias("text").to_frame().select(column).to_series()


def _decoded(texts: pl.Series, *, dtype: pl.DataType, shape: Shape | None) -> pl.Series:
    name, given = texts.name, pl.col("text")
    source = readable(texts)
    raw = parsed(source, as_texts(shape) if shape is not None else dtype)
    value, wrong = pl.col("raw"), pl.lit(value=False)
    if shape is not None:
        value, wrong = of_kinds(value, shape), misfit(value, shape).fill_null(value=False)
    stripped = trimmed(given, pl.String())
    some = stripped.is_not_null() & (stripped != "null")
    bad = (some & pl.col("raw").is_null()) | wrong
    frame = pl.DataFrame({"text": texts, "raw": raw})
    return frame.select(
        pl.struct(pl.when(~bad).then(value).alias(VALUE), bad.alias(BAD)).alias(name)
    ).to_series()


def parsed(texts: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The values; null where a text is no JSON, or of another shape.

    Polars fails on all of them if it fails on one: that one is looked for by halves.
    """
    if isinstance(dtype, pl.Null):
        return pl.Series(texts.name, [None] * len(texts), pl.Null())
    try:
        return texts.str.json_decode(dtype)
    except pl.exceptions.ComputeError:
        if len(texts) == 1:
            return pl.Series(texts.name, [None], dtype)
        middle = len(texts) // 2
        return parsed(texts[:middle], dtype).append(parsed(texts[middle:], dtype))


def _halved(text: pl.Expr) -> pl.Expr:
    r"""Whether it has an escape of half a character, such as `\ud83d` alone."""
    plain = text.str.replace_all(r"\\", "", literal=True)
    high, low = plain.str.count_matches(_HIGH), plain.str.count_matches(_LOW)
    pairs = plain.str.count_matches(_HIGH + _LOW)
    return ((high != pairs) | (low != pairs)).fill_null(value=False)
