"""dry_run() has CleverTap judge every record of a delivery and keep none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from ct_assets.clevertap.client import Answer, Client
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.delivery_result import DeliveryFailed, DeliveryResult
from ct_assets.delivery.delivery_run import deliver
from ct_assets.delivery.state.state_copy import copied
from ct_assets.errors import UserError


class DryRunClient(Client):
    """A client whose uploads CleverTap judges only."""

    def upload(self, body: bytes, *, dry_run: bool = True) -> Answer:  # noqa: ARG002 -- always
        return super().upload(body, dry_run=True)


@dataclass(frozen=True, kw_only=True)
class DryRunResult:
    accepted: int
    refused: Mapping[str, int]
    """Records by CleverTap's code."""
    unanswered: int
    requests: int
    stopped: str | None
    """Why some records were not judged, if any were not."""


def dry_run(request: DeliveryRequest, client: DryRunClient) -> DryRunResult:
    """Sends the planned records with `dryRun=1`; the delivery takes place on a copy of the state.

    Removals are not asked about: CleverTap has no dry run for them.
    """
    if request.policy.object in ("segment", "subscription"):
        raise UserError(
            f"{request.policy.sync}: CleverTap has no dry run for a {request.policy.object}; "
            "`ct-assets plan` shows what would change"
        )
    with copied(request) as copy:
        policy = replace(copy.policy, on_removed="keep", on_unknown="resend")
        result = _delivered(replace(copy, policy=policy, rehearsal=True), client)
        report = pl.scan_parquet(result.report, glob=False).filter(outcome="refused")
        codes = report.group_by("code").len("rows").sort("rows", "code", descending=[True, False])
        refused = {str(code): rows for code, rows in codes.collect().iter_rows()}
    counts = result.counts
    return DryRunResult(
        accepted=counts.acked,
        refused=refused,
        unanswered=counts.unknown + counts.unsent,
        requests=result.requests,
        stopped=result.stopped,
    )


def _delivered(request: DeliveryRequest, client: DryRunClient) -> DeliveryResult:
    try:
        return deliver(request, client)
    except DeliveryFailed as error:
        if error.result is None:
            raise
        return error.result
