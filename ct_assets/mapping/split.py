"""Split makes every row of a source valid, with the record that is sent for it, or rejected."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ct_assets.clevertap import record
from ct_assets.clevertap.record import Member
from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.binder.bound_field import BoundField
from ct_assets.mapping.binder.bound_sync import BoundSync
from ct_assets.mapping.binder.identity import listed
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.duplicates import PLACE, SUPERSEDED, write_keys
from ct_assets.mapping.json_texts.found_shapes import found_shapes
from ct_assets.mapping.kept.earlier_split import EarlierSplit
from ct_assets.mapping.kept.failed_rows import FailedRows
from ct_assets.mapping.kept.kept_rows import KeptRows, kept_rows
from ct_assets.mapping.reasons import any_failed, listed_reasons
from ct_assets.mapping.row_checks import rejections, warnings
from ct_assets.mapping.split_inputs import row_rules
from ct_assets.row_counts import RowCounts
from ct_assets.system_columns import SYSTEM_COLUMNS

_FAILED = "__failed"
_OPERATORS = {"add": "$add", "remove": "$remove", "incr": "$incr", "decr": "$decr"}


@dataclass(frozen=True)
class Split:
    """All parts are plans that can be streamed to a file."""

    bound: BoundSync
    checked: pl.LazyFrame
    """Rows that are valid or rejected, with their place in the source; without those `kept`."""
    keys: Path
    fated: bool
    """Whether the rows carry their fate, from `duplicates`."""
    counts: RowCounts
    """Without `valid` and `rejected`, which are known once those are computed."""
    failed: FailedRows
    """Those that are not valid, once `valid_noting` was computed."""
    rules: str = ""
    """A digest of all that decides a row of the source by itself; empty if other rows do, too."""
    kept: KeptRows | None = None
    """Rows that are valid as they were in the last split; None if all are judged."""

    @property
    def valid(self) -> pl.LazyFrame:
        return self._valid(any_failed(rejections(self.bound, fated=self.fated)))

    @property
    def valid_noting(self) -> pl.LazyFrame:
        """The same as `valid`, which notes the `failed` rows as it is computed."""
        return self._valid(self._noted())

    @property
    def judged_noting(self) -> pl.LazyFrame:
        """The same as `valid_noting`, of rows with their place in the source."""
        return self._valid(self._noted(), PLACE)

    @property
    def rejected(self) -> pl.LazyFrame:
        return self._rejected(self.checked)

    @property
    def left_out(self) -> pl.LazyFrame:
        """The same as `rejected`, of the `failed` rows: no others are judged again."""
        return self._rejected(self.checked.filter(self.failed.at(pl.col(PLACE))))

    def _prepared(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        return self.bound.prepared(rows, self.bound.conversions)

    def _noted(self) -> pl.Expr:
        failed = any_failed(rejections(self.bound, fated=self.fated))
        return self.failed.noted(pl.col(PLACE), failed)

    def _valid(self, failed: pl.Expr, *also: str) -> pl.LazyFrame:
        values = {**_values(self.bound), _FAILED: failed, **{name: pl.col(name) for name in also}}
        frame = self._prepared(self.checked).select(**values).filter(~pl.col(_FAILED))
        frame = frame.with_columns(_record=_record(self.bound, frame.collect_schema()))
        return frame.select(*SYSTEM_COLUMNS, *(field.name for field in self.bound.fields), *also)

    def _rejected(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        reasons = rejections(self.bound, fated=self.fated)
        failing = self._prepared(rows).filter(any_failed(reasons))
        columns = self.bound.schema.names()
        return failing.select(*columns, listed_reasons(reasons).alias("reasons"))


def split(
    sync: Sync,
    source: pl.LazyFrame,
    workdir: Path,
    *,
    rejected_profiles: pl.LazyFrame | None = None,
    earlier: Callable[[str], EarlierSplit | None] = lambda _: None,
) -> Split:
    """`source` must not change under the parts.

    `rejected_profiles` are the keys (`rejected_keys`) of the sync that `require_profile` names.
    `earlier` gives the last split, if it was done by these `rules`.
    """
    shapes = found_shapes(sync, source)
    bound = bind(sync, source.collect_schema(), shapes)
    height = int(source.select(pl.len()).collect(engine="streaming").item())
    keys = write_keys(bound, source, workdir, rejected_profiles)
    checked = bound.kept(source.with_row_index(PLACE))
    if keys.fated:
        fates = pl.scan_parquet(keys.path, glob=False).select(__fate="_fate", __copies="_copies")
        checked = pl.concat([checked, fates], how="horizontal")
        checked = checked.filter(pl.col("__fate").ne_missing(SUPERSEDED))
    rules = row_rules(bound, shapes)
    kept = None
    if rules and (last := earlier(rules)):
        fateless = checked.filter(pl.col("__fate").is_null()) if keys.fated else checked
        kept = kept_rows(last, bound.schema, fateless, height)
    if kept:
        checked = checked.filter(~kept.at(pl.col(PLACE)))
    return Split(
        bound=bound,
        checked=checked,
        keys=keys.path,
        fated=keys.fated,
        counts=RowCounts(source=height, cut=height - keys.rows, superseded=keys.superseded),
        failed=FailedRows(height),
        rules=rules,
        kept=kept,
    )


def _values(bound: BoundSync) -> dict[str, pl.Expr]:
    identity, key, is_list = bound.identity, bound.event_key, bound.sync.object == "segment"
    return {
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
    }


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
    operator, plain = _OPERATORS.get(field.declared.op), field.converted.plain
    return Member(field.name, pl.col(field.name), dtype, operator, plain)
