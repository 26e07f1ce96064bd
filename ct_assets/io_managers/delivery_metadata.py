"""DeliveryMetadata shows deliveries in Dagster: counts in the catalog, progress in the log."""

import logging
import time
from collections.abc import Callable
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import DeliveryResult, Progress
from ct_assets.io_managers import delivery_witness
from ct_assets.io_managers.metadata_tables import fix, table
from ct_assets.row_counts import OUTCOMES, REMOVALS, DeliveryCounts

EVERY_SECONDS = 5.0
TOP = 20
LABELS = {
    "source": "source",
    "cut": "cut by where",
    "superseded": "superseded",
    "rejected": "rejected",
    "valid": "valid",
    "unchanged": "unchanged",
    "held": "held",
    "planned": "planned",
    **{name: name for name in OUTCOMES},
    "removed": "gone from the source",
    "left alone": "left alone",
    **{removal: name for name, removal in REMOVALS.items()},
}
"""Names in the table of counts, in its order; an equation of other names is not shown there."""
ROWS = "rows/"
"""Before the names of counts, in metadata."""


def delivery_metadata(
    result: DeliveryResult, to: Destination, points_each: float
) -> dict[str, Any]:
    """`points_each`: what CleverTap charges for a record."""
    counts = result.counts
    return {
        "destination": f"sandbox: {to.base_url}" if to.is_sandbox else to.name,
        "conservation": balance(counts),
        "refusals": refusals(pl.scan_parquet(result.report, glob=False)),
        **delivery_witness.metadata(result, to.name),
        "report": dg.MetadataValue.path(result.report),
        "dagster/row_count": counts.acked,
        **{f"{ROWS}{name}": count for name, count in counts.totals().items()},
        **({"notes": "\n".join(result.notes)} if result.notes else {}),
        "data_points": round(counts.acked * points_each),
        "requests": result.requests,
        "waits_429": result.waits_429,
        "window": result.window,
        "bytes_sent": result.bytes,
        "seconds": result.seconds,
        "rows_per_second": counts.acked / result.seconds if result.seconds else 0.0,
        **{f"latency/{name}": seconds for name, seconds in result.latency.items()},
    }


def summary(counts: DeliveryCounts) -> str:
    """The outcomes of the planned rows, in a line."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.sent.by_outcome().items())


def balance(counts: DeliveryCounts) -> dg.TableMetadataValue:
    """The lines `of` one sort of rows add up to the line that counts them."""
    rows = [("", LABELS["source"], counts.source), ("", LABELS["removed"], counts.removed)]
    for equation in counts.equations:
        shown = LABELS.keys() >= set(equation.parts)
        if shown and (equation.whole != "removed" or counts.removed):
            for name in sorted(equation.parts, key=list(LABELS).index):
                rows += [(LABELS[equation.whole], *line) for line in _lines(counts, name)]
    return table({"of": whole, "rows": name, "count": count} for whole, name, count in rows)


def _lines(counts: DeliveryCounts, name: str) -> list[tuple[str, int]]:
    if name == "held":
        return [(f"held: {reason}", rows) for reason, rows in counts.held.items()]
    return [(LABELS[name], counts.terms()[name])]


def refusals(report: pl.LazyFrame) -> dg.TableMetadataValue:
    """The most frequent codes of CleverTap in the report, with what to do about them."""
    counted = report.filter(pl.col("code").is_not_null()).group_by("outcome", "code").len("rows")
    most = counted.sort("rows", "code", descending=[True, False]).head(TOP)
    rows = most.collect(engine="streaming").iter_rows(named=True)
    columns = {"outcome": "string", "code": "string", "rows": "int", "what to do": "string"}
    return table(({**row, "what to do": fix(row["code"])} for row in rows), columns)


class ProgressLog:
    """Says in the run's log how far a delivery is, every few seconds at most."""

    def __init__(self, log: logging.Logger, now: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._now = now
        self._start = self._last = now()

    def __call__(self, progress: Progress) -> None:
        now = self._now()
        if now - self._last < EVERY_SECONDS:
            return
        self._last = now
        done = progress.acked + progress.refused + progress.unknown
        left = (progress.planned - done) * (now - self._start) / max(done, 1)
        self._log.info(
            f"{done:,} of {progress.planned:,} rows, about {left:.0f} s left "
            f"({progress.refused:,} refused, {progress.unknown:,} unknown; "
            f"{progress.requests:,} requests, {progress.waits_429:,} waits, "
            f"{progress.window} in flight)"
        )
