"""LastSplit gives a new split those rows of the last one that have not changed, one by one."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from ct_assets.components.assets.split.split_again import are_as_written
from ct_assets.errors import UserError
from ct_assets.files import checksum
from ct_assets.io_managers.delivery_requests import CHANGED, KEYS
from ct_assets.mapping import Sync
from ct_assets.mapping.kept.earlier_split import FAILED, EarlierSplit
from ct_assets.snapshot_meta import SplitMeta
from ct_assets.staging import DATA, Draft, Snapshot, Staging


class LastSplit:
    """That of a sync and its partitions, as they are staged.

    `of_run` leaves of all rows of a source those that belong to the partitions of the run.
    """

    def __init__(
        self,
        sync: Sync,
        staging: Staging,
        part: str | None,
        of_run: Callable[[pl.LazyFrame], pl.LazyFrame],
    ) -> None:
        self._sync, self._staging, self._part, self._of_run = sync, staging, part, of_run
        self._valid: Snapshot | None = None

    def by(self, rules: str) -> EarlierSplit | None:
        """None if it was done by others, or if a file is gone or not as it was written."""
        try:
            valid = self._staging.current((self._sync.name, "valid"), self._part)
            split = valid.meta.split
            if split is None or (split.rules, split.sync) != (rules, self._sync.name):
                return None
            source = self._staging.named(split.source) if split.source else None
            if source is None or not self._is_whole(split, valid):
                return None
        except (UserError, OSError):
            return None
        self._valid = valid
        return EarlierSplit(
            source=self._of_run(source),
            valid=valid.scan(),
            keys=valid.beside(KEYS),
            failed=valid.beside(FAILED),
        )

    def told(self, split: SplitMeta, draft: Draft, source: Path | None) -> SplitMeta:
        """The meta of a split of the file `source` into a draft, by which the next one goes."""
        name = self._staging.name_of(Snapshot(source)) if source and split.rules else None
        if source and name:
            split = replace(split, source=name, source_checksum=checksum(source))
        if CHANGED not in split.checksums or self._valid is None:
            return split
        before = self._valid.meta.split
        if before and _without_changed(split) == _without_changed(before):
            _take_changed(draft, self._valid)  # all files are the same, so that the snapshot stays
            return replace(split, checksums=before.checksums, base=before.base)
        return replace(split, base=self._valid.folder.name)

    def _is_whole(self, split: SplitMeta, valid: Snapshot) -> bool:
        sums = {valid.beside(name): known for name, known in split.checksums.items()}
        source = self._staging.root / split.source / DATA
        return FAILED in split.checksums and are_as_written({**sums, source: split.source_checksum})


def _without_changed(split: SplitMeta) -> Mapping[str, int]:
    return {name: known for name, known in split.checksums.items() if name != CHANGED}


def _take_changed(draft: Draft, snapshot: Snapshot) -> None:
    """Has the draft the same changed rows beside it as a snapshot, or none."""
    (draft.folder / CHANGED).unlink()
    if (theirs := snapshot.beside(CHANGED)).exists():
        shutil.copyfile(theirs, draft.folder / CHANGED)
