"""What the next run of a sync would do, from rows read just now; nothing is changed by asking."""

from dataclasses import dataclass, replace
from datetime import timedelta

from ct_assets.clevertap.destination import Destination
from ct_assets.components.preview.declaration_diff import Blast, blast
from ct_assets.components.preview.scratch import Rows
from ct_assets.components.preview.workspace import Desk
from ct_assets.components.project.registry import Declared
from ct_assets.delivery import DeliveryRequest, PlanReport, PropertyChange, plan
from ct_assets.delivery.dry_run import DryRunClient, DryRunResult, dry_run
from ct_assets.errors import UserError
from ct_assets.io_managers import delivery_requests, destinations
from ct_assets.io_managers.delivery_requests import DeliveryOptions, Upload
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import Snapshot


@dataclass(frozen=True, kw_only=True)
class Planned:
    sync: str
    destination: str
    counts: RowCounts
    gate: str
    """Why nothing would be sent; empty if the checks pass."""
    report: PlanReport
    blast: Blast | None
    asked: DryRunResult | None


def planned(
    desk: Desk, declared: Declared, options: DeliveryOptions, *, ask_clevertap: bool = False
) -> Planned:
    to = destinations.known(declared.sync)
    with desk.rows(declared) as rows:
        request = _request(desk, declared, rows, to, options)
        return Planned(
            sync=declared.sync.name,
            destination=destinations.label(to),
            counts=rows.split.counts,
            gate=rows.split.gate.why,
            report=plan(request),
            blast=blast(desk, declared.sync),
            asked=_asked(request, to) if ask_clevertap else None,
        )


def _request(
    desk: Desk,
    declared: Declared,
    rows: Rows,
    to: Destination | None,
    options: DeliveryOptions,
) -> DeliveryRequest:
    valid = Snapshot(rows.valid.path, SnapshotMeta(split=rows.split))
    upload = Upload(declared.sync, valid, options, frozenset(desk.syncs))
    request = delivery_requests.request(
        upload, destinations.name_of(to), "plan", timedelta(days=30)
    )
    return replace(request, patience=timedelta(0))


def _asked(request: DeliveryRequest, to: Destination | None) -> DryRunResult:
    if to is None:
        raise UserError(
            "the destination is the sandbox, which has not run yet: start it with "
            "`ct-assets sandbox`, or name an account with the CLEVERTAP_ variables"
        )
    with DryRunClient(to) as client:
        return dry_run(request, client)


def lines(planned: Planned) -> dict[str, int]:
    """Where every row would go; what is indented adds up to the line above."""
    report, counts = planned.report, planned.counts
    return {
        "source": counts.source,
        "cut by where": counts.cut,
        "superseded": counts.superseded,
        "rejected": counts.rejected,
        "valid": report.valid,
        "  new": report.new,
        "  changed": report.changed,
        "  unchanged": report.unchanged,
        **{f"  held: {reason}": rows for reason, rows in report.held.items()},
        "removed from the source": report.removed,
        "  to be cleared or deleted": report.removals,
    }


def samples(change: PropertyChange) -> str:
    """Masked values before and after."""
    return ", ".join(f"{before or 'none'} -> {after or 'none'}" for before, after in change.samples)


def told(found: Planned) -> list[str]:
    """What a person should know beside the counts."""
    said = [f"Nothing would be sent: {why}" for why in (found.gate, found.report.objection) if why]
    if found.blast:
        said.append(
            "The declaration was edited since the last run. Of the "
            f"{found.blast.rows:,} rows of that run, it alone changes {found.blast.changed:,}, "
            f"rejects {found.blast.lost:,} that were valid, and makes {found.blast.gained:,} "
            "valid that were not."
        )
    return [*said, *(f"Note: {note}" for note in found.report.notes)]
