"""ResultLine says in one line what a run did with all rows, for its log and the command line."""

from ct_assets.clevertap.codes import entries
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import DeliveryResult
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


def paragraph(sync: str, result: DeliveryResult, to: Destination, part: str | None = None) -> str:
    """Tells what became of all rows, and where to look: for the run's log and the catalog.

    Such as `purchases: of 412 rows of the source, 400 can be sent and 12 are rejected. ...`.
    """
    counts, named = result.counts, f"{sync} {part}" if part else sync
    told = [
        f"{named}: of {counts.source:,} rows of the source, {counts.valid:,} can be sent and "
        f"{counts.rejected:,} {'is' if counts.rejected == 1 else 'are'} rejected."
    ]
    if counts.planned or not result.objection:
        outcomes = {**counts.sent.by_outcome(), "unchanged": counts.unchanged}
        outcomes |= {"held back": sum(counts.held.values()), "removed": counts.removals.planned}
        shown = [f"{rows:,} {name}" for name, rows in outcomes.items() if rows]
        told.append(f"Of these, {', '.join(shown) or 'nothing was to be sent'}.")
    if result.objection:
        told.append(f"A guard stopped it: {result.objection}.")
    told.append(f"CleverTap ({'sandbox' if to.is_sandbox else to.name}) has {result.keys:,} of it.")
    looks = [("rejected", counts.rejected), ("undelivered", counts.refused + counts.unknown)]
    commands = [f"`ct-assets {command} {sync}`" for command, rows in looks if rows]
    if commands:
        told.append(f"To see the rows: {', '.join(commands)}.")
    return " ".join(told)
