"""A sync's split written to the staging, with the verdict of its gate; needs no Dagster."""

import shutil
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from ct_assets.components.assets.polars_errors import computing
from ct_assets.files import private_dir
from ct_assets.io_managers.clevertap_io_manager import KEYS
from ct_assets.mapping import Sync, reason_counts, split
from ct_assets.row_counts import RowCounts
from ct_assets.staging import Draft


@dataclass(frozen=True)
class Gate:
    """Whether a snapshot may be sent, and why not."""

    passed: bool
    why: str = ""


def split_into(
    sync: Sync,
    source: pl.LazyFrame,
    valid: Draft,
    rejected: Draft,
    rejected_profiles: pl.LazyFrame | None = None,
) -> RowCounts:
    """Fill both drafts; counts, reasons and the gate's verdict go into the meta of `valid`."""
    work = private_dir(valid.folder / "work")
    with computing(sync, source):
        parts = split(sync, source, work, rejected_profiles=rejected_profiles)
        valid.sink(parts.valid)
        none_left = _rows(valid) == parts.counts.checked
        rejected.sink(parts.rejected.clear() if none_left else parts.rejected)
    parts.keys.rename(valid.folder / KEYS)
    shutil.rmtree(work)
    counts = replace(parts.counts, valid=_rows(valid), rejected=_rows(rejected))
    valid.meta |= {
        "counts": asdict(counts),
        "gate": asdict(gate(sync, counts)),
        "reasons": reasons(rejected.scan()),
        "declaration": sync.digest,
        "others": list(parts.mapped.others),
    }
    return counts


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


def reasons(rows: pl.LazyFrame, column: str = "reasons") -> list[dict[str, Any]]:
    """Rows by field and code; the messages are left out, they quote values."""
    counted = reason_counts(rows, column).select("field", "code", "rows")
    return counted.collect(engine="streaming").to_dicts()


def _rows(draft: Draft) -> int:
    return int(draft.scan().select(pl.len()).collect().item())
