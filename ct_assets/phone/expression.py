"""Gives the expressions over columns of phones: `e164`, `is_e164` and `explain`."""

from collections.abc import Callable, Collection

import polars as pl

from ct_assets.phone import column, messages, regions, result, result_struct
from ct_assets.phone.column_verdicts import Verdicts
from ct_assets.phone.regions import Regions
from ct_assets.phone.rules import MAX_DIGITS, MIN_DIGITS, rules


def e164(
    phone: str | pl.Expr,
    *,
    region: str | pl.Expr | None = None,
    accept: Collection[str] | None = None,
    min_digits: int | None = MIN_DIGITS,
    max_digits: int | None = MAX_DIGITS,
) -> pl.Expr:
    """A struct `e164`, `status`, `reason`, `region`, `type` for each phone.

    Args:
        phone: A column (name or expression) of text, categories or whole numbers (integers,
            decimals without places). A whole number is read as its digits: it has lost its plus
            and its leading zeros, so it needs a region.
        region: Where numbers without a calling code belong: an ISO 3166 code or English country
            name, or an expression that gives one per row.
        accept: The number types to take, from `result.TYPES`; all by default.
        min_digits: See `rules.below_min_digits`; None to leave that rule out.
        max_digits: See `rules.above_max_digits`; None to leave that rule out.

    Raises:
        UnknownRegionError: A constant region that does not exist.
        UnknownTypeError: A type in `accept` that does not exist.
        TypeError: Once it runs, a column of anything else, such as floats.
    """
    refuse = rules(accept, min_digits, max_digits)

    def finish(verdicts: Verdicts) -> pl.Series:
        return result_struct.frame(verdicts, refuse).to_struct()

    return _judged(phone, region, finish, result.dtype())


def is_e164(phone: str | pl.Expr) -> pl.Expr:
    """Whether each text is a valid number that is in E.164 form already; null for null.

    What `e164` calls valid_as_is before any rule about digits or types, at half its cost.
    """

    def judge(rows: pl.Series) -> pl.Series:
        if rows.null_count() == len(rows):
            return pl.repeat(None, len(rows), dtype=pl.Boolean, eager=True).alias(rows.name)
        return column.is_e164(_as_text(rows)).alias(rows.name)

    return _mapped(_column(phone), judge, pl.Boolean())


def explain(
    phone: str | pl.Expr,
    *,
    region: str | pl.Expr | None = None,
    accept: Collection[str] | None = None,
    min_digits: int | None = MIN_DIGITS,
    max_digits: int | None = MAX_DIGITS,
) -> pl.Expr:
    """Why `e164` with the same arguments gives no number, for people; null where it gives one."""
    refuse = rules(accept, min_digits, max_digits)
    message = messages.text(refuse, region_by_row=isinstance(region, pl.Expr))

    def finish(verdicts: Verdicts) -> pl.Series:
        digits = pl.Series("national_digits", verdicts.national_digits)
        judged = result_struct.frame(verdicts, refuse).with_columns(digits)
        return judged.select(message).to_series()

    return _judged(phone, region, finish, pl.String())


def _judged(
    phone: str | pl.Expr,
    region: str | pl.Expr | None,
    finish: Callable[[Verdicts], pl.Series],
    dtype: pl.DataType,
) -> pl.Expr:
    if not isinstance(region, pl.Expr):
        constant = Regions(regions.constant(region))

        def judge(rows: pl.Series) -> pl.Series:
            return column.judge(_as_text(rows), constant, finish).alias(rows.name)

        return _mapped(_column(phone), judge, dtype)

    def judge_pairs(rows: pl.Series) -> pl.Series:
        phones, *names = rows.struct.unnest()
        if len(names) > 1:
            raise ValueError("a region for each row goes with one column of phones at a time")
        given = Regions(_as_text(names[0].alias("region")))
        return column.judge(_as_text(phones), given, finish).alias(rows.name)

    return _mapped(pl.struct(_column(phone), region.alias("__region")), judge_pairs, dtype)


def _column(phone: str | pl.Expr) -> pl.Expr:
    return pl.col(phone) if isinstance(phone, str) else phone


def _mapped(rows: pl.Expr, judge: Callable[[pl.Series], pl.Series], dtype: pl.DataType) -> pl.Expr:
    return rows.map_batches(judge, return_dtype=dtype, is_elementwise=True)


def _as_text(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    whole = dtype.is_integer() or (isinstance(dtype, pl.Decimal) and dtype.scale == 0)
    if whole or isinstance(dtype, pl.String | pl.Categorical | pl.Enum | pl.Null):
        return column.cast(pl.String)
    raise TypeError(f"{column.name!r} is a column of {dtype}, not of text or whole numbers")
