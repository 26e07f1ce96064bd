"""Counts the rows of the last run that an edit of the declaration alone changes."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ct_assets.components.preview.scratch import split_rows
from ct_assets.components.preview.workspace import Workspace
from ct_assets.io_managers.delivery_requests import KEYS
from ct_assets.mapping import SchemaError, Sync
from ct_assets.mapping.duplicates import SUPERSEDED
from ct_assets.staging import NotStagedError


@dataclass(frozen=True)
class DeclarationDiff:
    """Each row of the source counts once, also where it has another key now."""

    rows: int
    """Valid then or now."""
    changed: int
    lost: int
    """Valid then, and not now."""
    gained: int
    rejected: int
    """Of those that are lost."""
    cut: int
    """Of those that are lost: by `where`."""


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
    keys = before.path.with_name(KEYS)
    if not keys.exists() or _written(source.path) > _written(before.path):
        return None  # rows of a later source have other numbers
    with (
        contextlib.suppress(SchemaError),
        split_rows(sync, source.scan(), workspace.rejected_profiles(sync)) as rows,
    ):
        then = _numbered(before.scan(), pl.scan_parquet(keys, glob=False))
        return _compared(then, _numbered(rows.valid.scan(), rows.keys), rows.keys)
    return None


def _written(path: Path) -> float:
    return path.stat().st_mtime


def _numbered(valid: pl.LazyFrame, keys: pl.LazyFrame) -> pl.LazyFrame:
    """The records by the number of their row; a key that lost against another one has none."""
    theirs = keys.filter(pl.col("_fate").is_null()).select("_row", "_kind", "_key")
    records = valid.select("_kind", "_key", pl.col("_record").hash())
    return records.join(theirs, on=("_kind", "_key")).select("_row", "_record")


def _compared(then: pl.LazyFrame, now: pl.LazyFrame, keys: pl.LazyFrame) -> DeclarationDiff:
    fates = keys.select("_row", fate=pl.col("_fate").fill_null("none"))
    both = then.join(now, on="_row", how="full", coalesce=True).join(fates, on="_row", how="left")
    before, after = pl.col("_record"), pl.col("_record_right")
    lost, fate = after.is_null(), pl.col("fate")
    counted = both.select(
        rows=pl.len(),
        changed=(before != after).sum(),
        lost=lost.sum(),
        gained=before.is_null().sum(),
        rejected=(lost & fate.ne(SUPERSEDED)).sum(),
        cut=(lost & fate.is_null()).sum(),
    )
    return DeclarationDiff(**counted.collect(engine="streaming").row(0, named=True))
