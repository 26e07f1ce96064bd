"""Scratch splits the rows of a sync in a folder of their own: nothing staged is touched."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ct_assets.components.assets.split.split_step import split_into
from ct_assets.files import scratch_dir
from ct_assets.io_managers.delivery_requests import KEYS
from ct_assets.mapping import Sync
from ct_assets.snapshot_meta import SplitMeta
from ct_assets.staging import Draft, Staging


@dataclass(frozen=True)
class SplitRows:
    """The rows of a sync by what becomes of them; the files go with the block that made them."""

    source: pl.LazyFrame
    valid: Draft
    rejected: Draft
    split: SplitMeta

    @property
    def keys(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.valid.folder / KEYS, glob=False)


@contextlib.contextmanager
def scratch() -> Iterator[Staging]:
    with scratch_dir() as folder:
        yield Staging(folder)


@contextlib.contextmanager
def split_rows(
    sync: Sync, source: pl.LazyFrame, rejected_profiles: pl.LazyFrame | None = None
) -> Iterator[SplitRows]:
    with (
        scratch() as drafts,
        drafts.draft(("valid",)) as valid,
        drafts.draft(("rejected",)) as rejected,
    ):
        split = split_into(sync, source, valid, rejected, rejected_profiles)
        yield SplitRows(source, valid, rejected, split)
