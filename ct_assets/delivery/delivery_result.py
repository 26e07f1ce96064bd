"""DeliveryResult holds the counts and the report of a delivery that has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ct_assets.errors import UserError
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts


@dataclass(frozen=True, kw_only=True)
class DeliveryResult:
    counts: DeliveryCounts
    report: Path
    """Parquet: key, kind, outcome, code, message, hint, batch, run."""
    delivery: int
    """Its number within the sync."""
    state_id: str = ""
    """Of the state that accounts for it."""
    began: datetime | None = None
    keys: int = 0
    """Rows that CleverTap has acknowledged by now, whichever delivery brought them."""
    settled: OutcomeCounts | None = None
    """Records of an earlier delivery that this one settled first; None if there were none."""
    notes: tuple[str, ...] = ()
    """Sentences for a person, such as why removed rows were left alone."""
    requests: int = 0
    waits_429: int = 0
    bytes: int = 0
    seconds: float = 0.0
    window: int = 0
    smallest_window: int = 0
    latency: Mapping[str, float] = field(default_factory=dict)
    """Seconds, by percentile: p50, p95, p99."""
    stopped: str | None = None
    """Why it ended before its end."""
    objection: str | None = None
    """Why a guard stopped it before anything left."""
    passing: bool = False
    """Whether the reason in `stopped` may be over in a while."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Rows and requests of the delivery under way."""

    planned: int
    acked: int
    refused: int
    unknown: int
    requests: int
    waits_429: int
    window: int
    slots: int = 0
    """Of the account, in use by this delivery."""
    latency: float | None = None
    """Seconds until the request was answered after which this is told; None if it never was."""


class DeliveryFailed(UserError):  # noqa: N818 -- it reads as what happened
    """The delivery ended early; `result` holds its counts and report once anything was planned."""

    def __init__(self, message: str, result: DeliveryResult | None = None) -> None:
        super().__init__(message)
        self.result = result
