"""rejections() names the rejected rows of a split, each with its key and its reasons."""

from collections.abc import Mapping, Sequence

import polars as pl

from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.declaration.problems import SchemaError
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.duplicates import PLACE, key_columns

_ROW = "_row"
LOOKED_AT = 10_000


def rejections(sync: Sync, rejected: pl.LazyFrame) -> pl.LazyFrame:
    """One row for each: key, kind, identity, fields, code, reason and message.

    `code` is that of the first reason. Keys that cannot be read are null. Messages quote values.
    """
    numbered = rejected.with_row_index(_ROW).with_columns(pl.col(_ROW).cast(pl.Int64))
    part, listed = pl.element().struct.field, pl.col("reasons")
    told = pl.concat_str(part("field"), pl.lit(": "), part("code"))
    reasons = numbered.select(
        _ROW,
        listed.list.eval(part("field")).list.unique(maintain_order=True).alias("fields"),
        listed.list.first().struct.field("code").alias("code"),
        listed.list.eval(told).list.join("; ").alias("reason"),
        listed.list.eval(part("message")).list.join("; ").alias("message"),
    )
    kind = pl.lit("event") if sync.object == "event" else pl.col("_kind")
    return (
        reasons.join(_keys(sync, rejected), on=_ROW, how="left")
        .with_columns(
            pl.col("_key").alias("key"),
            pl.when(pl.col("_key").is_not_null()).then(kind).alias("kind"),
            pl.col("_identity").alias("identity"),
        )
        .select("key", "kind", "identity", "fields", "code", "reason", "message")
    )


def reason_keys(
    sync: Sync, rejected: pl.LazyFrame, most: int = 3
) -> Mapping[tuple[str, str], Sequence[str]]:
    """A few keys by the field and the code of a reason, of the first rows alone."""
    first = rejected.head(LOOKED_AT).with_row_index(_ROW).with_columns(pl.col(_ROW).cast(pl.Int64))
    reason = pl.col("reasons").struct
    found = (
        first.select(_ROW, "reasons")
        .explode("reasons")
        .join(_keys(sync, rejected.head(LOOKED_AT)), on=_ROW, maintain_order="left")
        .group_by(reason.field("field"), reason.field("code"))
        .agg(pl.col("_key").drop_nulls().head(most))
        .collect(engine="streaming")
    )
    return {(field, code): keys for field, code, keys in found.iter_rows()}


def _keys(sync: Sync, rejected: pl.LazyFrame) -> pl.LazyFrame:
    names = (_ROW, "_key", "_kind", "_identity")
    schema = pl.Schema(list(rejected.drop("reasons").collect_schema().items()))
    try:
        bound = bind(sync.bare(), schema)
    except SchemaError:  # of an earlier declaration, or of other columns
        texts = dict.fromkeys(names[1:], pl.String)
        return pl.LazyFrame(schema={_ROW: pl.Int64, **texts})
    return key_columns(bound, rejected.with_row_index(PLACE)).select(names)
