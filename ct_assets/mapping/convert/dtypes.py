"""Families of polars types that conversions tell apart."""

import polars as pl

from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.conversion import Target, mismatch

# What Unicode calls white space, and what exports leave behind: NUL, the separators of ASCII and
# marks of no width. Spelled out because a polars plan computes `strip_chars()` anew wherever it is
# used, and this form once.
BLANKS = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, (0, *range(0x1C, 0x20), *range(0x2000, 0x200C), 0x2060, 0xFEFF))
)


# The beginning of the year 1000 and the end of 9999. Before lie what stands for a missing date
# (0001-01-01) and years of two digits.
FIRST_SECOND = -30_610_224_000
LAST_SECOND = 253_402_300_799
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def is_whole(dtype: pl.DataType) -> bool:
    """Whether the type holds whole numbers only: warehouses have decimals without places, too."""
    return dtype.is_integer() or (isinstance(dtype, pl.Decimal) and dtype.scale == 0)


def is_list(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List | pl.Array)


def inner(dtype: pl.DataType) -> pl.DataType:
    """The type of a list's values."""
    if isinstance(dtype, pl.List | pl.Array) and isinstance(dtype.inner, pl.DataType):
        return dtype.inner
    return pl.Null()


def dtype_of(field: pl.Field) -> pl.DataType:
    """The type of a struct's field; polars hands some out as bare classes."""
    return field.dtype if isinstance(field.dtype, pl.DataType) else field.dtype()


def entry_of(dtype: pl.Map) -> pl.Struct:
    """The type of a map's pairs: it can be cast to a list of them."""
    pair = {"key": dtype.key, "value": dtype.value}
    return pl.Struct({k: v if isinstance(v, pl.DataType) else v() for k, v in pair.items()})


def text(source: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A value as text; that of a text column byte for byte."""
    if isinstance(dtype, pl.Time):
        return source.dt.to_string("iso:strict")  # a cast leaves out the fraction
    return source if isinstance(dtype, pl.String) else source.cast(pl.String)


def trimmed(source: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Text without blanks around it; null where nothing else is left."""
    stripped = text(source, dtype).str.strip_chars(BLANKS)
    return pl.when(stripped.str.len_bytes() > 0).then(stripped)


def in_calendar(source: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Dates and times in years of four digits; null elsewhere.

    Polars panics on writing some of the others, and DuckDB's `infinity` is one of those.
    """
    if isinstance(dtype, pl.Date):
        first, last = FIRST_SECOND // 86400, LAST_SECOND // 86400
    elif isinstance(dtype, pl.Datetime) and dtype.time_unit != "ns":
        unit = PER_SECOND[dtype.time_unit]
        first, last = FIRST_SECOND * unit, (LAST_SECOND + 1) * unit - 1
    else:
        return source
    return pl.when(source.to_physical().is_between(first, last)).then(source)


def natural_type(dtype: pl.DataType, target: Target) -> FieldType:
    """The field type that a column without a declared one is sent as."""
    if is_text(dtype) or isinstance(dtype, pl.Time | pl.Null):
        return FieldType.STRING
    if isinstance(dtype, pl.Boolean):
        return FieldType.BOOLEAN
    if is_whole(dtype):
        return FieldType.INTEGER
    if dtype.is_numeric():
        return FieldType.FLOAT
    if isinstance(dtype, pl.Date | pl.Datetime):
        return FieldType.DATE
    if is_list(dtype):
        return FieldType.LIST
    raise mismatch(target, dtype, _NO_COUNTERPART.get(type(dtype), "CleverTap has no such type."))


_NO_COUNTERPART: dict[type[pl.DataType], str] = {
    pl.Struct: "CleverTap takes flat values only. Declare `nested: flatten` to send each of its "
    "fields as one of its own, `nested: json` for one text of JSON, or take a single one with "
    "`expr:`.",
    pl.Map: "CleverTap takes flat values only. Declare `nested: json` to send it as one text of "
    "JSON, or make columns of its keys in the source.",
    pl.Duration: "CleverTap knows no durations. Send a number, such as its seconds, with `expr:`.",
    pl.Binary: "CleverTap takes no binary values. Send it as text (for example hexadecimal) with "
    "`expr:`, or leave it out.",
    pl.Object: "such values cannot be sent. Give the column a type of its own in the source.",
}
