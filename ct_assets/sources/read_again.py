"""ReadAgain takes over the rows of a source's last snapshot, where its files are as they were."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from ct_assets.errors import UserError
from ct_assets.files import checksum
from ct_assets.mapping.split_inputs import program
from ct_assets.snapshot_meta import SnapshotMeta, SourceMeta
from ct_assets.staging import Draft, Snapshot

_LIBRARIES = ("orjson",)


class ToldOf:
    """Passes on what is told of files; whoever reads them anew is to be told of it again."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self.anything = False

    def __call__(self, remark: str) -> None:
        self.anything = True
        self._tell(remark)


def inputs(stamp: str, *also: str) -> str:
    """The digest of all that decides the rows of files with a stamp; empty if they have none."""
    if not stamp:
        return ""
    return hashlib.sha256("\n".join((stamp, *also, program(*_LIBRARIES))).encode()).hexdigest()


def taken_over(before: Snapshot | None, known: str, draft: Draft) -> SourceMeta | None:
    """Fills the draft with a link to the rows of the snapshot `before`, if it had these inputs.

    None, and nothing done, if it had others, or if its rows are not as they were written.
    """
    source = before.meta.source if before else None
    if not known or before is None or source is None or source.inputs != known:
        return None
    try:
        if checksum(before.path) != source.checksum:
            return None
        draft.path.hardlink_to(before.path)
    except (UserError, OSError):  # not there, damaged, or on a disk without links
        return None
    return source


def may_be_taken_over(draft: Draft, known: str) -> SnapshotMeta:
    """The meta of a draft, by which the next read may take its rows over."""
    source = draft.meta.source
    if not known or source is None:
        return draft.meta
    known_by = replace(source, inputs=known, checksum=checksum(draft.path))
    return replace(draft.meta, source=known_by)
