"""SplitStep writes the split of a sync into drafts, and decides its gate; needs no Dagster."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from ct_assets.components.assets.polars_errors import computing
from ct_assets.files import checksum, private_dir
from ct_assets.io_managers.delivery_requests import CHANGED, KEYS
from ct_assets.mapping import Split, Sync, reason_counts, split
from ct_assets.mapping.kept.earlier_split import FAILED, EarlierSplit
from ct_assets.mapping.kept.kept_rows import KeptRows
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import Gate, ReasonCount, SplitMeta
from ct_assets.staging import DATA, Draft, height, scan, sink


def split_into(
    sync: Sync,
    source: pl.LazyFrame,
    valid: Draft,
    rejected: Draft,
    rejected_profiles: pl.LazyFrame | None = None,
    inputs: str = "",
    earlier: Callable[[str], EarlierSplit | None] = lambda _: None,
) -> SplitMeta:
    """Fill both drafts; the result is for the meta of `valid`, and so are `inputs`.

    `earlier` gives the last split, if it was done by the same rules: see `mapping.split`.
    """
    work = private_dir(valid.folder / "work")
    with computing(sync, source):
        parts = split(sync, source, work, rejected_profiles=rejected_profiles, earlier=earlier)
        _write_valid(parts, valid, work)
        rejected.sink(_rejected(parts, _rows(valid)))
    parts.keys.rename(valid.folder / KEYS)
    shutil.rmtree(work)
    counts = replace(parts.counts, valid=_rows(valid), rejected=_rows(rejected))
    files = (DATA, KEYS, FAILED, CHANGED)
    return SplitMeta(
        declaration=sync.digest,
        counts=counts,
        gate=gate(sync, counts),
        reasons=reasons(rejected.scan()),
        others=tuple(parts.bound.others),
        sync=sync.name,
        checksums={
            name: checksum(file) for name in files if (file := valid.folder / name).exists()
        },
        inputs=inputs,
        rejected_checksum=checksum(rejected.path),
        rules=parts.rules,
    )


def _write_valid(parts: Split, valid: Draft, work: Path) -> None:
    """Writes the valid rows, and beside them what the next split takes over rows by."""
    if parts.kept is None:
        valid.sink(parts.valid_noting)
    else:
        judged = work / DATA
        sink(parts.judged_noting, judged)
        valid.sink(parts.kept.merged(scan(judged)))
        _write_changed(parts.kept, judged, valid)
    if parts.rules:
        places = scan(parts.keys).select("_row")
        sink(places.filter(parts.failed.at(pl.col("_row"))), valid.folder / FAILED)


def _write_changed(kept: KeptRows, judged: Path, valid: Draft) -> None:
    """Writes by themselves the rows that are not as they were, if they are the smaller part."""
    if 2 * height(judged) <= _rows(valid):
        sink(kept.numbered(scan(judged)), valid.folder / CHANGED)


def _rejected(parts: Split, valid: int) -> pl.LazyFrame:
    """Every row that is not among the valid ones, of which so many were written."""
    left = parts.counts.checked - valid
    if not left:
        return parts.rejected.clear()
    return parts.left_out if parts.failed.count == left else parts.rejected


def gate(sync: Sync, counts: RowCounts) -> Gate:
    if violations := counts.violations():
        return Gate(passed=False, why=f"rows were lost or invented: {'; '.join(violations)}")
    if counts.rejected_share > sync.max_rejected:
        return Gate(
            passed=False,
            why=(
                f"{counts.rejected} of {counts.valid + counts.rejected} rows are rejected "
                f"({counts.rejected_share:.1%}), more than max_rejected ({sync.max_rejected:.1%})"
            ),
        )
    return Gate(passed=True)


def reasons(rows: pl.LazyFrame, column: str = "reasons") -> tuple[ReasonCount, ...]:
    """Rows by field and code; the messages are left out, they quote values."""
    counted = reason_counts(rows, column).select("field", "code", "rows")
    return tuple(ReasonCount(*row) for row in counted.collect(engine="streaming").iter_rows())


def _rows(draft: Draft) -> int:
    return height(draft.path)
