"""What CleverTap would say to a delivery: it judges every record and keeps none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from ct_assets.clevertap.client import Answer, Client
from ct_assets.delivery.deliver import deliver
from ct_assets.delivery.outcome import DeliveryFailed, Outcome
from ct_assets.delivery.request import Delivery
from ct_assets.delivery.state.state_copy import copied


class DryRun(Client):
    """A client whose uploads are judged only."""

    def upload(self, body: bytes, *, dry_run: bool = True) -> Answer:  # noqa: ARG002 -- always
        return super().upload(body, dry_run=True)


@dataclass(frozen=True, kw_only=True)
class Asked:
    accepted: int
    refused: Mapping[str, int]
    """Records by CleverTap's code."""
    unanswered: int
    requests: int
    stopped: str | None
    """Why not all records were asked about."""


def ask(request: Delivery, client: DryRun) -> Asked:
    """Sends the planned records with `dryRun=1`; the delivery takes place on a copy of the state.

    Removals are not asked about: CleverTap has no dry run for them.
    """
    with copied(request) as copy:
        policy = replace(copy.policy, on_removed="keep", on_unknown="resend")
        outcome = _delivered(replace(copy, policy=policy), client)
        report = pl.scan_parquet(outcome.report, glob=False).filter(outcome="refused")
        codes = report.group_by("code").len("rows").sort("rows", "code", descending=[True, False])
        refused = {str(code): rows for code, rows in codes.collect().iter_rows()}
    counts = outcome.counts
    return Asked(
        accepted=counts.acked,
        refused=refused,
        unanswered=counts.unknown + counts.unsent,
        requests=outcome.requests,
        stopped=outcome.stopped,
    )


def _delivered(request: Delivery, client: DryRun) -> Outcome:
    try:
        return deliver(request, client)
    except DeliveryFailed as error:
        if error.outcome is None:
            raise
        return error.outcome
