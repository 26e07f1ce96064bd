"""SplitStep writes the split of a sync into drafts, and decides its gate; needs no Dagster."""

import shutil
from dataclasses import replace

import polars as pl

from ct_assets.components.assets.polars_errors import computing
from ct_assets.files import checksum, private_dir
from ct_assets.io_managers.delivery_requests import KEYS
from ct_assets.mapping import Split, Sync, reason_counts, split
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import Gate, ReasonCount, SplitMeta
from ct_assets.staging import DATA, Draft


def split_into(
    sync: Sync,
    source: pl.LazyFrame,
    valid: Draft,
    rejected: Draft,
    rejected_profiles: pl.LazyFrame | None = None,
    inputs: str = "",
) -> SplitMeta:
    """Fill both drafts; the result is for the meta of `valid`, and so are `inputs`."""
    work = private_dir(valid.folder / "work")
    with computing(sync, source):
        parts = split(sync, source, work, rejected_profiles=rejected_profiles)
        valid.sink(parts.valid_noting)
        rejected.sink(_rejected(parts, _rows(valid)))
    parts.keys.rename(valid.folder / KEYS)
    shutil.rmtree(work)
    counts = replace(parts.counts, valid=_rows(valid), rejected=_rows(rejected))
    return SplitMeta(
        declaration=sync.digest,
        counts=counts,
        gate=gate(sync, counts),
        reasons=reasons(rejected.scan()),
        others=tuple(parts.bound.others),
        sync=sync.name,
        checksums={name: checksum(valid.folder / name) for name in (DATA, KEYS)},
        inputs=inputs,
        rejected_checksum=checksum(rejected.path),
    )


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
    return int(draft.scan().select(pl.len()).collect().item())
