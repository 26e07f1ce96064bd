"""Why a row, or a field of it, cannot be sent."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from ct_assets.clevertap.record import Member, object_

REASON = pl.Struct({"field": pl.String(), "code": pl.String(), "message": pl.String()})
REASONS = pl.List(REASON)


class Reason(NamedTuple):
    """`code` and `message` are text, evaluated only on rows that failed."""

    field: str
    failed: pl.Expr
    code: pl.Expr
    message: pl.Expr

    @property
    def told(self) -> pl.Expr:
        """As JSON; null on the other rows."""
        parts = {"field": pl.lit(self.field), "code": self.code, "message": self.message}
        members = [Member(name, text, pl.String()) for name, text in parts.items()]
        return pl.when(self.failed).then(object_(members))


def any_failed(reasons: Sequence[Reason]) -> pl.Expr:
    return pl.any_horizontal([reason.failed for reason in reasons])


def listed_reasons(reasons: Sequence[Reason]) -> pl.Expr:
    """Those that hold for a row; null where none does.

    By way of JSON, because polars takes many times as long to put structs into lists.
    """
    if not reasons:
        return pl.lit(None, REASONS)
    told = pl.concat_str([r.told for r in reasons], separator=",", ignore_nulls=True)
    return pl.when(any_failed(reasons)).then("[" + told + "]").str.json_decode(REASONS)


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
