"""Budgets say beyond which figures of a run a person is told; unlike guards they stop nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from ct_assets.components.alerts.alert import Severity

FAILURE = "failure"
Rows = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """The largest figures of a run that need no alert; None: no figure does."""

    rejected_share: float | None = 0.05
    """Of the rows that `where` leaves."""
    refused_share: float | None = 0.01
    """Of the records that CleverTap acknowledged or refused."""
    unknown: int | None = 0
    """Records whose answer was lost."""
    parked: int | None = 0
    records: int | None = None
    """Sent by one run."""
    data_points_a_month: int | None = None
    """Of all syncs to one destination, since the month began (UTC)."""


class Breach(NamedTuple):
    about: str
    what: str
    todo: str
    """A clause: the step that a person can take."""
    severity: Severity = "warning"


class _Rule(NamedTuple):
    value: Callable[[Rows], float]
    what: str
    todo: str
    lasts: bool = True
    """Whether it is a state, of which people hear when it is over."""
    severity: Severity = "warning"


_RULES = {
    "rejected_share": _Rule(
        lambda rows: rows["rejected"] / max(rows["rejected"] + rows["valid"], 1),
        "{value:.1%} of the rows are rejected, {rejected:,} in all (budget {budget:.1%})",
        "look at the reasons on {sync}/rejected",
    ),
    "refused_share": _Rule(
        lambda rows: rows["refused"] / max(rows["refused"] + rows["acked"], 1),
        "CleverTap refused {value:.1%} of the records, {refused:,} in all (budget {budget:.1%})",
        "look at the codes and hints on {sync}/undelivered",
    ),
    "unknown": _Rule(
        lambda rows: rows["unknown"],
        "records whose answer was lost, and which CleverTap may have or not: {unknown:,}",
        "look at {sync}/undelivered; what is not parked goes again with the next run",
    ),
    "parked": _Rule(
        lambda rows: rows["parked"],
        "records that are parked: {parked:,}",
        "`ct-assets parked {sync}` lists them, and sends or drops them",
    ),
    "records": _Rule(
        lambda rows: rows["planned"],
        "records sent by one run: {planned:,} (budget {budget:,})",
        "look at what changed in the source; `ct-assets plan {sync}` says it before the next run",
        lasts=False,
        severity="info",
    ),
    "data_points_a_month": _Rule(
        lambda rows: rows["month"],
        "data points since the month began: about {month:,} (budget {budget:,})",
        "look at the data points of every sync's `clevertap` asset over time",
        lasts=False,
        severity="info",
    ),
}
STATES = tuple(name for name, rule in _RULES.items() if rule.lasts)
"""Budgets that a sync is beyond until a run is within them."""


def breaches(budgets: Budgets, sync: str, rows: Rows) -> Iterator[Breach]:
    """Compares a run with its budgets.

    `rows` has counts by outcome; for a budget of data points `month`, too: those of this month.
    """
    for name, budget in asdict(budgets).items():
        rule = _RULES[name]
        if budget is not None and (value := rule.value(rows)) > budget:
            what = rule.what.format(**rows, value=value, budget=budget)
            yield Breach(name, what, rule.todo.format(sync=sync), rule.severity)
