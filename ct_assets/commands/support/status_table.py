"""StatusTable shows syncs in tables, or one below the other where the screen is narrow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ct_assets.clevertap.codes import PARKED
from ct_assets.commands.support.dagster_runs import LastRun
from ct_assets.commands.support.output import console, local, table
from ct_assets.row_counts import OUTCOMES, DeliveryCounts

COUNTS = (
    *("source", "cut", "superseded", "rejected"),
    *("valid", "unchanged", "held", "planned", *OUTCOMES),
)
"""Names of totals, which are the headings, too."""
RUNS = {"success": "ended", "failure": "failed", "started": "under way"}
"""Words for what Dagster says of a run; the state says `ended`, too."""


@dataclass(frozen=True, kw_only=True)
class Status:
    sync: str
    destination: str
    last_run: LastRun | None
    counts: DeliveryCounts | None
    """Of the last delivery to this destination."""
    acknowledged: int
    """Rows that CleverTap has by now."""
    held: Mapping[str, int]
    trigger: str
    next_run: datetime | None
    notes: tuple[str, ...]

    @property
    def parked(self) -> int:
        return self.held.get(PARKED, 0)


def show(statuses: Sequence[Status]) -> None:
    out = console()
    tables = [_standings(statuses)]
    if any(status.counts for status in statuses):
        tables.append(_counts(statuses))
    fits = all(_width(out, each) <= out.width for each in tables)
    for each in tables if fits else map(_stacked, statuses):
        out.print(each)
    for status in statuses:
        for note in status.notes:
            out.print(f"{status.sync}: {note}", style="yellow", soft_wrap=True)


def sums(counts: DeliveryCounts) -> Iterator[str]:
    """Where every row went, such as `59 source = 56 valid + 3 rejected`, without counts of 0."""
    terms = counts.terms()
    for equation in counts.equations:
        if terms[equation.whole] and set(equation.parts) <= set(COUNTS):
            parts = (f"{terms[name]:,} {name}" for name in equation.parts if terms[name])
            yield f"{terms[equation.whole]:,} {equation.whole} = {' + '.join(parts)}"


def _width(out: Console, renderable: Table) -> int:
    return Measurement.get(out, out.options.update(width=10_000), renderable).maximum


def _standings(statuses: Sequence[Status]) -> Table:
    standings = table(
        "sync",
        "destination",
        "last run",
        "in CleverTap",
        "parked",
        "trigger",
        "next run",
        numbers=("in CleverTap", "parked"),
    )
    for status in statuses:
        standings.add_row(
            status.sync,
            status.destination,
            _last(status),
            f"{status.acknowledged:,}",
            f"{status.parked:,}",
            status.trigger,
            local(status.next_run) if status.next_run else "-",
        )
    return standings


def _counts(statuses: Sequence[Status]) -> Table:
    counts = table("sync", *COUNTS, title="Last delivery", numbers=COUNTS)
    for status in statuses:
        totals = status.counts.totals() if status.counts else {}
        rows = (f"{totals[name]:,}" if totals else "-" for name in COUNTS)
        counts.add_row(status.sync, *rows)
    return counts


def _stacked(status: Status) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text(status.sync, "bold"))
    grid.add_row("  destination", status.destination)
    grid.add_row("  last run", _last(status))
    following = f", next {local(status.next_run)}" if status.next_run else ""
    grid.add_row("  trigger", f"{status.trigger}{following}")
    parked = f", {status.parked:,} parked" if status.parked else ""
    grid.add_row("  in CleverTap", f"{status.acknowledged:,}{parked}")
    if status.counts:
        grid.add_row("  last delivery", "\n".join(sums(status.counts)))
    grid.add_row()
    return grid


def _last(status: Status) -> str:
    run = status.last_run
    return f"{local(run.at)} {RUNS.get(run.status, run.status)}" if run else "never"
