"""StatusTable shows syncs in tables, or one below the other where the screen is narrow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ct_assets.commands.support.dagster_runs import LastRun
from ct_assets.commands.support.output import console, local, table
from ct_assets.row_counts import DeliveryCounts

COUNTS = {
    "source": "source",
    "cut": "cut",
    "superseded": "superseded",
    "rejected": "rejected",
    "valid": "valid",
    "unchanged": "unchanged",
    "held": "held",
    "planned": "sent",
    "acked": "acked",
    "refused": "refused",
    "unknown": "unknown",
    "unsent": "unsent",
}
"""Headings by the names of totals."""


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
        return self.held.get("parked", 0)


def show(found: Sequence[Status]) -> None:
    out = console()
    tables = [_standings(found)]
    if any(status.counts for status in found):
        tables.append(_counts(found))
    fits = all(_width(out, made) <= out.width for made in tables)
    for made in tables if fits else map(_stacked, found):
        out.print(made)
    for status in found:
        for note in status.notes:
            out.print(f"{status.sync}: {note}", style="yellow", soft_wrap=True)


def sums(counts: DeliveryCounts) -> Iterator[str]:
    """Where every row went, such as `59 source = 56 valid + 3 rejected`, without counts of 0."""
    terms = counts.terms()
    for equation in counts.equations:
        if terms[equation.whole] and COUNTS.keys() >= set(equation.parts):
            parts = (f"{terms[name]:,} {COUNTS[name]}" for name in equation.parts if terms[name])
            yield f"{terms[equation.whole]:,} {COUNTS[equation.whole]} = {' + '.join(parts)}"


def _width(out: Console, made: Table) -> int:
    return Measurement.get(out, out.options.update(width=10_000), made).maximum


def _standings(found: Sequence[Status]) -> Table:
    made = table(
        "sync",
        "destination",
        "last run",
        "in CleverTap",
        "parked",
        "trigger",
        "next run",
        numbers=("in CleverTap", "parked"),
    )
    for status in found:
        made.add_row(
            status.sync,
            status.destination,
            _last(status),
            f"{status.acknowledged:,}",
            f"{status.parked:,}",
            status.trigger,
            local(status.next_run) if status.next_run else "-",
        )
    return made


def _counts(found: Sequence[Status]) -> Table:
    made = table("sync", *COUNTS.values(), title="Last delivery", numbers=tuple(COUNTS.values()))
    for status in found:
        totals = status.counts.totals() if status.counts else {}
        rows = (f"{totals[name]:,}" if totals else "-" for name in COUNTS)
        made.add_row(status.sync, *rows)
    return made


def _stacked(status: Status) -> Table:
    made = Table.grid(padding=(0, 2))
    made.add_row(Text(status.sync, "bold"))
    made.add_row("  destination", status.destination)
    made.add_row("  last run", _last(status))
    following = f", next {local(status.next_run)}" if status.next_run else ""
    made.add_row("  trigger", f"{status.trigger}{following}")
    parked = f", {status.parked:,} parked" if status.parked else ""
    made.add_row("  in CleverTap", f"{status.acknowledged:,}{parked}")
    if status.counts:
        made.add_row("  last delivery", "\n".join(sums(status.counts)))
    made.add_row()
    return made


def _last(status: Status) -> str:
    run = status.last_run
    return f"{local(run.at)} {run.status}" if run else "never"
