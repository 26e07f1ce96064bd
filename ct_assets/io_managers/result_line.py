"""ResultLine says in one line what a run did with all rows, for its log and the command line."""

from ct_assets.clevertap.codes import entries
from ct_assets.row_counts import DeliveryCounts
from ct_assets.snapshot_meta import SplitMeta

ALWAYS = ("rejected", "unchanged", "held", "acked", "refused", "unknown")
IF_ANY = ("cut", "superseded", "unsent")
"""Shown where they are not 0."""
MARK = "the result is "


def result_line(sync: str, part: str | None, counts: DeliveryCounts, split: SplitMeta) -> str:
    """Such as `purchases 2026-01-31: 3 rejected, 0 unchanged, ...; Phone left out of 2 rows`."""
    totals = counts.totals()
    shown = [name for name in totals if name in ALWAYS or (name in IF_ANY and totals[name])]
    told = ", ".join(f"{totals[name]:,} {name}" for name in shown)
    named = f"{sync} {part}" if part else sync
    return "; ".join([f"{named}: {told}", *_left_out(split)])


def _left_out(split: SplitMeta) -> list[str]:
    """Fields that `on_invalid: drop` left out of rows, with the code of the reason."""
    return [
        f"{w.field} left out of {w.rows:,} row{'' if w.rows == 1 else 's'} ({w.code})"
        for w in split.warnings
        if w.rows and (entry := entries().get(w.code)) and entry.kind == "rejected"
    ]
