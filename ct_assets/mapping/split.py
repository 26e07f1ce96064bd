"""Split makes every row of a source valid, with the record that is sent for it, or rejected."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ct_assets.clevertap import record
from ct_assets.clevertap.record import Member
from ct_assets.mapping.bind import bind
from ct_assets.mapping.bound_field import BoundField
from ct_assets.mapping.bound_sync import BoundSync
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.duplicates import SUPERSEDED, write_keys
from ct_assets.mapping.identity import listed
from ct_assets.mapping.json_texts.found_shapes import found_shapes
from ct_assets.mapping.reasons import any_failed, listed_reasons
from ct_assets.mapping.row_checks import rejections, warnings
from ct_assets.row_counts import RowCounts
from ct_assets.system_columns import SYSTEM_COLUMNS

_FAILED = "__failed"
_OPERATORS = {"add": "$add", "remove": "$remove", "incr": "$incr", "decr": "$decr"}


@dataclass(frozen=True)
class Split:
    valid: pl.LazyFrame
    rejected: pl.LazyFrame
    keys: Path
    counts: RowCounts
    """Without `valid` and `rejected`, which are known once those are computed."""
    bound: BoundSync


def split(
    sync: Sync,
    source: pl.LazyFrame,
    workdir: Path,
    *,
    rejected_profiles: pl.LazyFrame | None = None,
) -> Split:
    """Both parts are plans that can be streamed to a file; `source` must not change under them.

    `rejected_profiles` are the keys (`rejected_keys`) of the sync that `require_profile` names.
    """
    bound = bind(sync, source.collect_schema(), found_shapes(sync, source))
    height = int(source.select(pl.len()).collect(engine="streaming").item())
    keys = write_keys(bound, source, workdir, rejected_profiles)
    checked = bound.kept(source)
    if keys.fated:
        fates = pl.scan_parquet(keys.path, glob=False).select(__fate="_fate", __copies="_copies")
        checked = pl.concat([checked, fates], how="horizontal")
        checked = checked.filter(pl.col("__fate").ne_missing(SUPERSEDED))
    checked = bound.prepared(checked, bound.conversions)
    return Split(
        valid=_valid(bound, checked, fated=keys.fated),
        rejected=_rejected(bound, checked, fated=keys.fated),
        keys=keys.path,
        counts=RowCounts(source=height, cut=height - keys.rows, superseded=keys.superseded),
        bound=bound,
    )


def _rejected(bound: BoundSync, rows: pl.LazyFrame, *, fated: bool) -> pl.LazyFrame:
    reasons = rejections(bound, fated=fated)
    return rows.filter(any_failed(reasons)).select(
        *bound.schema.names(), listed_reasons(reasons).alias("reasons")
    )


def _valid(bound: BoundSync, rows: pl.LazyFrame, *, fated: bool) -> pl.LazyFrame:
    identity, key, is_list = bound.identity, bound.event_key, bound.sync.object == "segment"
    values = {
        "_key": identity.value if key is None else key,
        "_kind": identity.kind,
        "_identity": identity.value,
        "_also": pl.lit(None, pl.List(pl.String)) if is_list else identity.also,
        "_ts": bound.ts.value if bound.ts else pl.lit(None, pl.Int64),
        "_clear": _cleared(bound),
        "_warnings": listed_reasons(warnings(bound)),
        "__event": bound.event.value if bound.event else pl.lit(bound.sync.event_name),
        **{f"__{i.kind}": value for i, value in identity.others()},
        **{field.name: field.converted.value for field in bound.fields},
        _FAILED: any_failed(rejections(bound, fated=fated)),
    }
    frame = rows.select(**values).filter(~pl.col(_FAILED))
    names = [field.name for field in bound.fields]
    frame = frame.with_columns(_record=_record(bound, frame.collect_schema()))
    return frame.select(*SYSTEM_COLUMNS, *names)


def _cleared(bound: BoundSync) -> pl.Expr:
    names = [
        pl.when(field.cleared).then(pl.lit(field.name))
        for field in bound.fields
        if field.cleared is not None
    ]
    return listed(names, pl.String())


def _record(bound: BoundSync, schema: pl.Schema) -> pl.Expr:
    if bound.sync.object == "segment":
        return record.member(pl.col("_kind"), pl.col("_identity"))
    if bound.sync.object == "token":
        data = {field.name: pl.col(field.name) for field in bound.fields}
        return record.token(pl.col("_identity"), data)
    if bound.sync.object == "subscription":
        return record.subscription(pl.col("_kind"), pl.col("_identity"), pl.col("status"))
    text = pl.String()
    head = [*_identifiers(bound), Member("ts", pl.col("_ts"), pl.Int64())]
    fields = [_member(field, schema[field.name]) for field in bound.fields]
    if bound.sync.object == "event":
        return record.event([*head, Member("evtName", pl.col("__event"), text)], fields)
    further = [
        Member(i.kind, pl.col(f"__{i.kind}"), text)
        for i, _ in bound.identity.others()
        if i.kind != "objectId"
    ]
    return record.profile(head, [*further, *fields])


def _identifiers(bound: BoundSync) -> list[Member]:
    """The one in use; a CleverTap ID stands beside it, because nowhere else is it understood."""
    text = pl.String()
    members = [
        Member(i.kind, pl.when(pl.col("_kind") == i.kind).then(pl.col("_identity")), text)
        for i in bound.identity.identifiers
    ]
    if len(members) == 1:
        return [Member(members[0].name, pl.col("_identity"), text)]
    if bound.sync.object == "event" or "objectId" not in {m.name for m in members[1:]}:
        return members
    further = pl.coalesce(pl.when(pl.col("_kind") == "objectId").then("_identity"), "__objectId")
    return [m if m.name != "objectId" else Member(m.name, further, text) for m in members]


def _member(field: BoundField, dtype: pl.DataType) -> Member:
    return Member(field.name, pl.col(field.name), dtype, _OPERATORS.get(field.declared.op))
