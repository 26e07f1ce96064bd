"""What a delivery came to, for Dagster's catalog; and its progress, for the run's log."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.clevertap.codes import entries
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import Counts, DeliveryResult, Progress, Tally

EVERY_SECONDS = 5.0
TOP = 20
OUTCOMES = ("acked", "refused", "unknown", "unsent")
ROWS = "rows/"
"""Before the names of counts, in metadata."""


def outcome_metadata(
    outcome: DeliveryResult, to: Destination, points_each: float
) -> dict[str, Any]:
    """`points_each`: what CleverTap charges for a record."""
    counts = outcome.counts
    return {
        "destination": f"sandbox: {to.base_url}" if to.is_sandbox else to.name,
        "conservation": balance(counts),
        "refusals": refusals(pl.scan_parquet(outcome.report, glob=False)),
        "report": dg.MetadataValue.path(outcome.report),
        "dagster/row_count": counts.acked,
        **{f"{ROWS}{name}": count for name, count in totals(counts).items()},
        **({"notes": "\n".join(outcome.notes)} if outcome.notes else {}),
        "data_points": round(counts.acked * points_each),
        "requests": outcome.requests,
        "waits_429": outcome.waits_429,
        "window": outcome.window,
        "bytes_sent": outcome.bytes,
        "seconds": outcome.seconds,
        "rows_per_second": counts.acked / outcome.seconds if outcome.seconds else 0.0,
        **{f"latency/{name}": seconds for name, seconds in outcome.latency.items()},
    }


def totals(counts: Counts) -> dict[str, int]:
    return {
        "source": counts.source,
        "cut": counts.cut,
        "superseded": counts.superseded,
        "rejected": counts.rejected,
        "valid": counts.valid,
        "unchanged": counts.unchanged,
        "held": sum(counts.held.values()),
        "parked": counts.held.get("parked", 0),
        "planned": counts.planned,
        "acked": counts.acked,
        "refused": counts.refused,
        "unknown": counts.unknown,
        "unsent": counts.unsent,
        "removed": counts.removed,
    }


def summary(counts: Counts) -> str:
    """The outcomes of the planned rows, in a line."""
    return ", ".join(f"{count:,} {name}" for name, count in _outcomes(counts.sent).items())


def balance(counts: Counts) -> dg.TableMetadataValue:
    """The lines `of` one sort of rows add up to the line that counts them."""
    lines = {
        "": {"source": counts.source, "gone from the source": counts.removed},
        "source": {
            "cut by where": counts.cut,
            "superseded": counts.superseded,
            "rejected": counts.rejected,
            "valid": counts.valid,
        },
        "valid": {
            "unchanged": counts.unchanged,
            **{f"held: {reason}": count for reason, count in counts.held.items()},
            "planned": counts.planned,
        },
        "planned": _outcomes(counts.sent),
    }
    if counts.removed:
        alone = counts.removed - counts.removals.planned
        lines["gone from the source"] = {"left alone": alone, **_outcomes(counts.removals)}
    return table(
        {"of": whole, "rows": name, "count": count}
        for whole, parts in lines.items()
        for name, count in parts.items()
    )


def _outcomes(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in OUTCOMES}


def refusals(report: pl.LazyFrame) -> dg.TableMetadataValue:
    """The most frequent codes of CleverTap in the report, with what to do about them."""
    counted = report.filter(pl.col("code").is_not_null()).group_by("outcome", "code").len("rows")
    most = counted.sort("rows", "code", descending=[True, False]).head(TOP)
    rows = most.collect(engine="streaming").iter_rows(named=True)
    columns = {"outcome": "string", "code": "string", "rows": "int", "what to do": "string"}
    told = [{**row, "what to do": fix(row["code"])} for row in rows]
    return table(told, columns)


def fix(code: str | int) -> str:
    entry = entries().get(str(code))
    return entry.fix if entry else ""


def table(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] | None = None
) -> dg.TableMetadataValue:
    """`columns`: names and types, needed where there may be no row."""
    schema = columns and dg.TableSchema([dg.TableColumn(n, t) for n, t in columns.items()])
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema=schema or None)


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
