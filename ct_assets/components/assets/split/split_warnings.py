"""SplitWarnings finds hazards across the rows of a split, or beside the split before it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from ct_assets.clevertap.codes import WarnedCode, entries
from ct_assets.components.assets.split.split_step import reasons
from ct_assets.io_managers.metadata.metadata_tables import fix
from ct_assets.mapping import Sync
from ct_assets.mapping.snapshot_warnings import (
    Hazard,
    bare_profiles,
    by_value,
    custom_fields,
    disputed_clears,
    merge_hazards,
    null_words,
    sent_fields,
    turned_null,
    type_drift,
)
from ct_assets.snapshot_meta import ReasonCount, RowFacts, SplitMeta
from ct_assets.staging import Draft


def with_warnings(
    sync: Sync, valid: Draft, split: SplitMeta, before: SplitMeta | None, elsewhere: Collection[str]
) -> SplitMeta:
    """The meta of a finished split, with its warnings and all that the next one compares with.

    `before` is of the split before this one, of whichever partitions, `elsewhere` the properties
    that other syncs send to the same account.
    """
    facts = split.facts or _facts(sync, valid)
    types, nulls = facts.types, facts.nulls
    types_before, nulls_before = (before.types, before.nulls) if before else ({}, {})
    all_types = {**types, **types_before}
    hazards = [*type_drift(types_before, types), *turned_null(nulls_before, nulls)]
    if before and before.others is not None:
        others, others_before = {*(split.others or ())}, {*before.others}
        hazards += _new_columns(others - others_before)
        hazards += _gone_columns(others_before - others)
    if sync.object == "profile":
        hazards += bare_profiles(facts.bare)
        hazards += custom_fields({*all_types, *elsewhere}, sync.limits)
    warnings = (
        *_counts(hazards),
        *facts.shared,
        *facts.words,
        *_counts(_disputed(sync)),
        *facts.left_out,
    )
    nulls = nulls or nulls_before
    return replace(split, types=all_types, nulls=nulls, warnings=warnings, facts=facts)


def told(sync: str, split: SplitMeta) -> Iterator[str]:
    """Lines of the run's log; what was left out of rows stands in the line of the result."""
    for warning in split.warnings:
        entry = entries().get(warning.code)
        if warning.rows and entry is not None and entry.kind == "rejected":
            continue
        rows = f", {warning.rows:,} rows" if warning.rows > 1 else ""
        yield f"{sync}: {warning.field} ({warning.code}{rows}): {warning.message}"


def _facts(sync: Sync, valid: Draft) -> RowFacts:
    types, nulls, bare, words = sent_fields(valid.scan())
    shared = merge_hazards(valid.path) if sync.object == "profile" else []
    return RowFacts(
        types=types,
        nulls=nulls,
        bare=bare,
        shared=_counts(shared),
        words=_counts(null_words(words)),
        left_out=tuple(_left_out(valid)),
    )


def _counts(hazards: Iterable[Hazard]) -> tuple[ReasonCount, ...]:
    return tuple(ReasonCount(h.field, h.code, h.rows, h.message) for h in hazards)


def _disputed(sync: Sync) -> list[Hazard]:
    """Risks of the declaration, whatever the rows are."""
    if sync.object == "subscription":
        return by_value(sync.identify_by[0].kind)
    clears = (name for name, field in sync.fields.items() if field.on_null == "clear")
    return disputed_clears(clears)


def _left_out(valid: Draft) -> Iterator[ReasonCount]:
    """Fields that were left out of rows, as `on_invalid: drop` wants it."""
    for count in reasons(valid.scan(), "_warnings"):
        yield replace(count, message=fix(count.code))


def _new_columns(names: Iterable[str]) -> list[Hazard]:
    message = "a new column of the source, sent because of `other_columns`; is that meant?"
    code = WarnedCode("new_column")
    return [Hazard(code, name, 0, f"{name}: {message}") for name in sorted(names)]


def _gone_columns(names: Iterable[str]) -> list[Hazard]:
    message = (
        "a column that `other_columns` took in is gone from the source; what CleverTap has of it "
        "stays there, and profiles that had a value go again, without it"
    )
    code = WarnedCode("turned_null")
    return [Hazard(code, name, 0, f"{name}: {message}") for name in sorted(names)]
