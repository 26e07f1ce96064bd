"""DeliveryMetadata shows deliveries in Dagster: counts in the catalog, progress in the log."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import DeliveryResult, Progress
from ct_assets.io_managers import delivery_witness
from ct_assets.io_managers.metadata.metadata_tables import (
    EXAMPLES,
    Shown,
    command,
    examples,
    first_rows,
    fix,
    table,
)
from ct_assets.io_managers.metadata.result_line import paragraph
from ct_assets.mapping import Sync
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
    result: DeliveryResult, to: Destination, points_each: float, sync: Sync, part: str | None = None
) -> dict[str, Any]:
    """At most 15 entries. `points_each`: what CleverTap charges for a record."""
    counts = result.counts
    rows = counts.totals()
    return {
        "destination": f"sandbox: {to.base_url}" if to.is_sandbox else to.name,
        "summary": paragraph(sync.name, result, to, part),
        "conservation": balance(counts),
        "refusals": refusals(pl.scan_parquet(result.report, glob=False), sync.show_keys),
        "rejected": dg.MetadataValue.asset(dg.AssetKey([sync.name, "rejected"])),
        "undelivered": dg.MetadataValue.asset(dg.AssetKey([sync.name, "undelivered"])),
        "dagster/row_count": result.keys,
        "rows/source": rows["source"],
        "rows/rejected": rows["rejected"],
        "rows/unchanged": rows["unchanged"],
        "rows/acked": rows["acked"],
        "data_points": round(counts.acked * points_each),
        "requests": result.requests,
        delivery_witness.ACCOUNT: dg.MetadataValue.json(
            {**delivery_witness.facts(result, to.name), "rows": rows, **_pace(result)}
        ),
        **({"notes": "\n".join(result.notes)} if result.notes else {}),
    }


def _pace(result: DeliveryResult) -> dict[str, Any]:
    return {
        "waits_429": result.waits_429,
        "window": result.window,
        "bytes_sent": result.bytes,
        "seconds": round(result.seconds, 2),
        "latency": {name: round(seconds, 3) for name, seconds in result.latency.items()},
    }


def rows_by_outcome(metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, float]:
    """Counts of a delivery, from its metadata of this version or an earlier one."""
    account = metadata.get(delivery_witness.ACCOUNT)
    if account is not None and isinstance(account.value, dict):
        return dict(account.value["rows"])
    names = {name: value for name, value in metadata.items() if name.startswith(ROWS)}
    return {name.removeprefix(ROWS): number(value) for name, value in names.items()}


def number(value: dg.MetadataValue[Any]) -> float:
    return value.value if isinstance(value.value, int | float) else 0


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


def refusals(report: pl.LazyFrame, show: Shown = "masked") -> dg.TableMetadataValue:
    """The most frequent codes in the report, with what to do about them, and a few of the rows."""
    counted = (
        report.filter(pl.col("code").is_not_null())
        .group_by("outcome", "code")
        .agg(pl.len().alias("rows"), pl.col("key").head(EXAMPLES).alias("keys"))
    )
    most = counted.sort("rows", "code", descending=[True, False]).head(TOP)
    found = most.collect(engine="streaming").iter_rows(named=True)
    columns = {
        "outcome": "string",
        "code": "string",
        "rows": "int",
        "what to do": "string",
        "for example": "string",
    }
    lines = (
        (row["outcome"], row["code"], row["rows"], fix(row["code"]), examples(row["keys"], show))
        for row in found
    )
    return table((dict(zip(columns, line, strict=True)) for line in lines), columns)


def undelivered_metadata(sync: Sync, rows: pl.LazyFrame, part: str | None) -> dict[str, Any]:
    """For `undelivered`: reasons, the first rows, and the command that lists all."""
    reason = pl.concat_str(pl.col("outcome", "code"), separator=" ", ignore_nulls=True)
    told = rows.select("key", reason.alias("reason"), todo="hint")
    return {
        **first_rows(told, sync.show_keys),
        "command": command("undelivered", sync.name, part),
        "reasons": refusals(rows, sync.show_keys),
    }


class ProgressLog:
    """Says in the run's log how far a delivery is, every few seconds at most."""

    def __init__(
        self, log: Callable[[str], object], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._now = now
        self._last = now()
        self._first: tuple[float, int] | None = None
        """When the first answer came, and how many records it was about."""

    def __call__(self, progress: Progress) -> None:
        now, done = self._now(), progress.acked + progress.refused + progress.unknown
        began, before = self._first = self._first or (now, done)
        if now - self._last < EVERY_SECONDS or done == before:
            return
        self._last = now
        left = (progress.planned - done) * (now - began) / (done - before)
        self._log(
            f"{done:,} of {progress.planned:,} rows, about {left:.0f} s left "
            f"({progress.refused:,} refused, {progress.unknown:,} unknown; "
            f"{progress.requests:,} requests, {progress.waits_429:,} waits, "
            f"up to {progress.window} in flight)"
        )
