"""Reasons say why a row, or a field of it, cannot be sent."""

from collections.abc import Sequence
from typing import NamedTuple, NewType

import polars as pl

from ct_assets.clevertap.codes import RejectedCode, WarnedCode
from ct_assets.system_columns import REASONS

CodeText = NewType("CodeText", pl.Expr)
"""Text that is a `RejectedCode` in each row, or null; `first_code` makes it of such codes."""


def first_text(
    cases: Sequence[tuple[pl.Expr, str | pl.Expr]], otherwise: str | pl.Expr | None = None
) -> pl.Expr:
    """Text of the first case whose condition holds in a row."""
    chosen = otherwise if isinstance(otherwise, pl.Expr) else pl.lit(otherwise, pl.String)
    for holds, text in reversed(cases):
        chosen = pl.when(holds).then(as_text(text)).otherwise(chosen)
    return chosen


def first_code(
    cases: Sequence[tuple[pl.Expr, RejectedCode | CodeText]], otherwise: RejectedCode | None = None
) -> CodeText:
    return CodeText(first_text(cases, otherwise))


def as_text(text: str | pl.Expr) -> pl.Expr:
    return pl.lit(text) if isinstance(text, str) else text


class Reason(NamedTuple):
    """`code` and `message` are evaluated only on rows that failed."""

    field: str
    failed: pl.Expr
    code: RejectedCode | WarnedCode | CodeText
    message: str | pl.Expr

    @property
    def entry(self) -> pl.Expr:
        """Struct of the type REASON; null in rows where it does not hold."""
        parts = [
            pl.lit(self.field).alias("field"),
            as_text(self.code).cast(pl.String).alias("code"),
            as_text(self.message).cast(pl.String).alias("message"),
        ]
        return pl.when(self.failed).then(pl.struct(parts))


def any_failed(reasons: Sequence[Reason]) -> pl.Expr:
    return pl.any_horizontal([reason.failed for reason in reasons])


def listed_reasons(reasons: Sequence[Reason]) -> pl.Expr:
    """List of the reasons that hold for a row; null where none does."""
    if not reasons:
        return pl.lit(None, REASONS)
    # Thirty times faster than `concat_list`, and the other condition would compute all of it twice.
    entries = pl.concat_arr([reason.entry for reason in reasons]).arr.to_list()
    holding = entries.list.filter(pl.element().is_not_null())
    return pl.when(any_failed(reasons)).then(holding)


def reason_counts(rows: pl.LazyFrame, column: str = "reasons") -> pl.LazyFrame:
    """Rows by field and code, the most frequent first; a row with two reasons counts in both."""
    return (
        rows.select(pl.col(column).explode())
        .drop_nulls()
        .select(pl.col(column).struct.unnest())
        .group_by("field", "code")
        .agg(pl.len().alias("rows"))
        .sort("rows", "field", "code", descending=[True, False, False])
    )
