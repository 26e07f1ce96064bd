"""SplitAgain takes over all rows of a sync's last split, where a new one would give the same."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ct_assets.components.assets.split.split_step import gate
from ct_assets.errors import UserError
from ct_assets.files import checksum
from ct_assets.mapping import Sync
from ct_assets.snapshot_meta import SplitMeta
from ct_assets.staging import Draft, Snapshot, Staging


def taken_over(
    sync: Sync, staging: Staging, part: str | None, inputs: str, valid: Draft, rejected: Draft
) -> SplitMeta | None:
    """Fills both drafts with links to the files of the last split, if it had the same `inputs`.

    None, and nothing done, if it had others, or if its files are not as they were written.
    """
    try:
        last, others = (staging.current((sync.name, s), part) for s in ("valid", "rejected"))
        split = last.meta.split
        if not inputs or split is None or (split.inputs, split.sync) != (inputs, sync.name):
            return None
        if not _is_whole(split, last, others):
            return None
        files = {valid.folder / name: last.beside(name) for name in split.checksums}
        _link({**files, rejected.path: others.path})
    except (UserError, OSError):  # not there, damaged, or on a disk without links
        return None
    return replace(split, gate=gate(sync, split.counts))


def _is_whole(split: SplitMeta, valid: Snapshot, rejected: Snapshot) -> bool:
    sums = {valid.beside(name): known for name, known in split.checksums.items()}
    if split.rejected_checksum is None or not sums:
        return False
    return are_as_written({**sums, rejected.path: split.rejected_checksum})


def are_as_written(sums: Mapping[Path, int | None]) -> bool:
    return all(checksum(file) == known for file, known in sums.items())


def _link(files: dict[Path, Path]) -> None:
    """Makes links to files, all of them or none: nobody may write to a file by one of them."""
    try:
        for link, file in files.items():
            link.hardlink_to(file)
    except OSError:
        for link in files:
            link.unlink(missing_ok=True)
        raise
