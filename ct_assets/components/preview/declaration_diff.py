"""Counts the rows of the last run that an edit of the declaration alone changes."""

import contextlib
from dataclasses import dataclass

import polars as pl

from ct_assets.components.preview.scratch import split_rows
from ct_assets.components.preview.workspace import Workspace
from ct_assets.mapping import SchemaError, Sync
from ct_assets.staging import NotStagedError


@dataclass(frozen=True)
class DeclarationDiff:
    rows: int
    """Valid then or now."""
    changed: int
    lost: int
    """Valid then, and not now."""
    gained: int


def declaration_diff(workspace: Workspace, sync: Sync) -> DeclarationDiff | None:
    """Splits the rows of the last run by the declaration of now, and compares.

    None if the declaration is the same, if those rows are gone, or if they lack a column that it
    names now.
    """
    try:
        source = workspace.staging.current(sync.source.split("/"))
        before = workspace.staging.current((sync.name, "valid"))
    except NotStagedError:
        return None
    if before.meta.split and before.meta.split.declaration == sync.digest:
        return None
    with (
        contextlib.suppress(SchemaError),
        split_rows(sync, source.scan(), workspace.rejected_profiles(sync)) as rows,
    ):
        return _compared(before.scan(), rows.valid.scan())
    return None


def _compared(before: pl.LazyFrame, after: pl.LazyFrame) -> DeclarationDiff:
    columns = ("_kind", "_key", pl.col("_record").hash())
    both = before.select(columns).join(
        after.select(columns), on=("_kind", "_key"), how="full", coalesce=True
    )
    then, now = pl.col("_record"), pl.col("_record_right")
    counted = both.select(
        rows=pl.len(),
        changed=(then != now).sum(),
        lost=now.is_null().sum(),
        gained=then.is_null().sum(),
    )
    return DeclarationDiff(**counted.collect(engine="streaming").row(0, named=True))
